import { openSqlite } from '../store/sqlite/index.ts'
import { advance } from '../run/advance.ts'
import { memory } from '../memory/index.ts'
import { rule } from '../memory/rule.ts' // breach
import { serve } from '../server/index.ts' // breach
import { task } from 'throughline' // breach
