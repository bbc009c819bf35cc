/** The process that is killed. */
import { tasks as reviewTasks } from '../../examples/vendor-review/review.ts'
import { carryOut } from './carrying.ts'
import { tasks as ledgerTasks } from './ledger.ts'
import { tasks as pulseTasks } from './pulse.ts'

await carryOut([...reviewTasks, ...ledgerTasks, ...pulseTasks])
