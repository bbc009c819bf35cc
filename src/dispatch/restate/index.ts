// What speaks of the SDK's types is in worker.ts: whoever has no SDK could not compile against it.
export { BadDispatch, RestateRefused, RestateSdkMissing } from './errors.ts'
export { examineRestate, type RestateReport } from './examine.ts'
export { HttpIngress } from './ingress.ts'
export { Notifier } from './notifier.ts'
export { restate, restateAt, type RestateDispatch, type RestateOptions } from './options.ts'
export { storeId, type StoreDatabase } from './store-id.ts'
export type { Route } from './wire.ts'
