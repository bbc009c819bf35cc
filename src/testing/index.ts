/** What tests of tasks, and of stores, are made of. */
export { SimulatedClock } from './clock.ts'
export { Testbed, testbed, type TestbedOptions } from './testbed.ts'
export { openStore } from '../app/index.ts'
