/** What tests of tasks, and of stores, are made of. */
export { SimulatedClock } from './clock.ts'
export { dispatcherContract, type DispatcherContractOptions } from './dispatcher-contract.ts'
export {
  faultNames,
  modelFromEnvironment,
  modelServer,
  type Answer,
  type AnswerCall,
  type Asked,
  type BookedRequest,
  type FaultName,
  type FaultOptions,
  type FaultRule,
  type FoundModel,
  type ModelServer,
  type ModelServerOptions,
  type Said,
  type Script,
} from './model-server/index.ts'
export { replay, type Replayed, type ReplayOptions } from './replay.ts'
export { reroute, type Route, type Way } from './reroute.ts'
export { storeContract, type ContractOptions } from './store-contract.ts'
export { Testbed, testbed, type TestbedOptions } from './testbed.ts'
export { openStore } from '../app/index.ts'
