/** A worker behind Restate: loaded by whoever becomes one, and needs the SDK. */
export { RestateDispatcher } from './dispatcher.ts'
export { loadSdk } from './sdk.ts'
