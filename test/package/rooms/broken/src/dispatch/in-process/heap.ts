import type { Dispatcher } from '../../run/port.ts'
import { kind } from '../../log/index.ts'
import { advance } from '../../run/advance.ts' // breach
import { openSqlite } from '../../store/sqlite/index.ts' // breach
import { service } from '@restatedev/restate-sdk' // breach
