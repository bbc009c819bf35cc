/** `npm run bench -- agent`: what it costs an agent that its calls are on the record, beside LangGraph's saver. */
import { agentMeasurements } from './agent/index.ts'
import { benchRows, type RowsOptions } from './rows.ts'

export const agentBench = (options: RowsOptions): Promise<number> =>
  benchRows('agent', agentMeasurements, options)
