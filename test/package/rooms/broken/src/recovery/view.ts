import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { oversight } from '../oversight/index.ts'
import { openSqlite } from '../store/sqlite/index.ts' // breach
import { rule } from '../oversight/rule.ts' // breach
