import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { drift } from '../drift/index.ts'
import { history } from '../run/history.ts' // breach
import { rule } from '../drift/rule.ts' // breach
