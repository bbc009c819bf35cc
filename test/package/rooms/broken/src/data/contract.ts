import { kind } from '../log/index.ts'
import { task } from '../task/index.ts'
import { perform } from '../run/index.ts'
import { readiness } from '../readiness/index.ts'
import { history } from '../run/history.ts' // breach
import { rule } from '../readiness/rule.ts' // breach
