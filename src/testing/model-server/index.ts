/** A server that speaks as models do, and fails on demand. */
export type { Answer, AnswerCall, Pace, Said, Script, Usage } from './answer.ts'
export type { Asked, AskedMessage, JsonSchema, OfferedTool, Wire } from './asked.ts'
export type { BookedRequest, Standing } from './book.ts'
export { faultNames, type FaultName, type FaultOptions, type FaultRule } from './faults.ts'
export { modelServer, type ModelServer, type ModelServerOptions } from './server.ts'
export { modelFromEnvironment, type FoundModel } from './environment.ts'
