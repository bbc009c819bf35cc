/** `npm run bench -- memory`: all that is asked of working memory, beside what was measured. */
import { memoryMeasurements } from './memory/index.ts'
import { benchRows, type RowsOptions } from './rows.ts'

export const memoryBench = (options: RowsOptions): Promise<number> =>
  benchRows('memory', memoryMeasurements, options)
