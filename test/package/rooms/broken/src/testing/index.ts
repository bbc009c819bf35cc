import { History } from '../run/history.ts'
import { openSqlite } from '../store/sqlite/index.ts'
import { program } from '../cli/program.ts' // breach
import { serve } from '../server/index.ts' // breach
import { tools } from '../mcp/index.ts' // breach
import { run } from '../../test/crash/kill.ts' // breach
