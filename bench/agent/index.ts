/** Every measurement of an agent's calls by the name that `--only` takes. */
import { bare } from './bare.ts'
import { growing } from './growing.ts'
import { langgraph } from './langgraph.ts'
import type { Measurements } from '../own/measured.ts'

export const agentMeasurements: Measurements = { growing, bare, langgraph }
