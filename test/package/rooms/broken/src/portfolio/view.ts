import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { openSqlite } from '../store/sqlite/index.ts' // breach
