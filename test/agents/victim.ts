/** The process that is killed while its agent is at work. */
import { carryOut } from '../crash/carrying.ts'
import { errands, prices } from './errand.ts'

await carryOut(errands, { prices })
