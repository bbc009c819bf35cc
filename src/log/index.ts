export { anew } from './anew.ts'
export { digestOf, ENCODING, fits, GENESIS, isErased, sameHash, sealInto } from './chain.ts'
export { systemClock, type Clock } from './clock.ts'
export { decode, encode, type ErrorClass } from './codec.ts'
export {
  AlreadyThere,
  BodyTooLarge,
  ChainBroken,
  GuardFailed,
  NotSerializable,
  OwnershipLost,
  StreamMoved,
} from './errors.ts'
export {
  Erasures,
  erasureRecorded,
  erasureStream,
  placesOf,
  ERASURES,
  type Erase,
  type Erased,
  type ErasureBody,
  type Places,
} from './erasure.ts'
export type { NewEvent, Position, Seq, StoredEvent, StreamId } from './event.ts'
export { Gather } from './gather.ts'
export { bodyOf, eventOf, kind, type Kind, type OperationRef } from './kind.ts'
export type { Append, Break, Change, Committed, Expected, Head, Log, Verdict } from './log.ts'
export { isPassing, patiently } from './patience.ts'
export type { Cell, Projection, Query, Row, RowChange, Table, Test } from './projection.ts'
