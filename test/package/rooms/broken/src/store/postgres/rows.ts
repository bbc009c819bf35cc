import { Pool } from 'pg'
import { openSqlite } from '../sqlite/index.ts' // breach
