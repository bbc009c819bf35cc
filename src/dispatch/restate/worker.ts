/** A worker behind Restate: loaded by whoever becomes one, and needs the SDK. */
export { RestateDispatcher } from './dispatcher.ts'
export { httpWire } from './http-wire.ts'
export { loadSdk } from './sdk.ts'
