/** Every subject by the name `--only` takes. A subject's packages are loaded only when it is asked for. */
import type { Subject } from '../subject.ts'

export const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  throughline: async () => (await import('./throughline.ts')).throughline(),
  'throughline-postgres': async () => (await import('./throughline.ts')).throughlineOnPostgres(),
  dbos: async () => (await import('./dbos.ts')).dbos(),
  restate: async () => (await import('./restate.ts')).restateServer(),
  langgraph: async () => (await import('./langgraph.ts')).langgraph(),
  'langgraph-functions': async () => (await import('./langgraph.ts')).langgraphFunctions(),
  mastra: async () => (await import('./mastra.ts')).mastra(),
}
