/** Every measurement of memory by the name that `--only` takes. A program that measures for itself takes one line. */
import { brief } from './brief.ts'
import { checkpoint } from './checkpoint.ts'
import { byCommand } from './command.ts'
import { recall } from './recall.ts'
import { violations } from './violations.ts'
import { writers } from './writers.ts'
import type { Measurements } from '../own/measured.ts'

export const memoryMeasurements: Measurements = {
  recall,
  register: byCommand('examples/decision-register/measure.ts'),
  bookkeeping: byCommand('examples/bookkeeping/measure.ts'),
  checkpoint,
  brief,
  violations,
  writers,
}
