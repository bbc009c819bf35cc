/**
 * The record. Everything the layer knows it reads from here; nothing becomes true before it is here.
 *
 * L1. `commit` is atomic over every stream it names, and durable when it resolves.
 * L2. The writer assigns seq, position, time, salt and hash; callers cannot.
 * L3. A commit by a former owner (an older epoch) is refused whole, without disturbing its neighbours in the same batch.
 * L4. Inline projections change in the same commit.
 * L5. Every read is asynchronous, for a store may be across a network. It sees all that this process was told of before it asked:
 *     commits that resolved, commits that were refused because of others, what `onCommit` spoke of. It may fail with a
 *     retryable error, as a commit may.
 * L6. Positions rise in the order of the commits: once one is seen, no lower one appears any more.
 *
 * Not here: what events mean (each room knows its own kinds), who advances a run (dispatch), SQL (store).
 */
import type { Erase, Erased } from './erasure.ts'
import type { NewEvent, Position, Seq, StoredEvent, StreamId } from './event.ts'
import type { Query, Row } from './projection.ts'

/**
 * Who may append:
 * - `new`: the stream must not exist; with `epoch` its creator owns it at once.
 * - `any`: many writers; the stream is created when it is missing.
 * - `{ seq }`: anyone, if the stream stands at that seq (0: is not there yet).
 * - `{ epoch }`: its owner since that epoch; head and epoch are compared.
 * - `{ claim }`: takes the stream over; the epoch must still be the one given, and is raised by one.
 */
export type Expected =
  | 'any'
  | { readonly new: true; readonly epoch?: number }
  | { readonly seq: Seq }
  | { readonly epoch: number }
  | { readonly claim: number }

export interface Append {
  readonly stream: StreamId
  readonly expected: Expected
  readonly events: readonly NewEvent[]
  readonly tenant?: string
  /** For a new stream: the stream whose head its first event chains to. */
  readonly continues?: StreamId
}

export interface Change {
  readonly appends: readonly Append[]
  /** The commit is refused if any of these finds a row. */
  readonly unless?: readonly { readonly table: string; readonly where: NonNullable<Query['where']> }[]
}

export interface Committed {
  readonly at: number
  /** For each append, the seq of its first event. */
  readonly firstSeq: readonly Seq[]
  readonly position: Position
}

export interface Head {
  readonly stream: StreamId
  readonly tenant: string
  readonly seq: Seq
  readonly hash: Uint8Array
  readonly epoch: number
  /** The stream whose head the first event chains to, and that head's hash. */
  readonly continues: { readonly stream: StreamId; readonly hash: Uint8Array } | undefined
  readonly isPruned: boolean
}

export interface Break {
  readonly stream: StreamId
  readonly seq: Seq
  readonly reason: string
}

export interface Verdict {
  readonly streams: number
  readonly events: number
  readonly pruned: number
  /** Events that say nothing any more, because an erasure on the record names them. */
  readonly erased: number
  /** H over all heads: note it elsewhere, and nobody can replace the whole store unseen. */
  readonly digest: string
  readonly breaks: readonly Break[]
}

export interface Log {
  readonly maxBodyBytes: number
  /** @throws {OwnershipLost} @throws {StreamMoved} @throws {AlreadyThere} @throws {GuardFailed} @throws {BodyTooLarge} */
  commit(change: Change): Promise<Committed>
  head(stream: StreamId): Promise<Head | undefined>
  /** Heads in the order of their creation, a page at a time; `under` keeps those whose name begins so. */
  heads(options?: {
    readonly after?: StreamId
    readonly under?: string
    readonly limit?: number
  }): Promise<readonly Head[]>
  /** The events of a stream in order, a page (of up to 1,000) at a time. */
  read(stream: StreamId, from?: Seq): AsyncIterable<readonly StoredEvent[]>
  /** The events at these positions, in the order asked; those that are not there are left out. */
  eventsAt(positions: readonly Position[]): Promise<readonly StoredEvent[]>
  /** Every event after `from` as it is committed, in order of position; ends when `signal` aborts. */
  follow(from: Position, signal: AbortSignal): AsyncIterable<StoredEvent>
  /** Of the newest event; 0 in an empty store. */
  position(): Promise<Position>
  /** Rows of a projection. */
  select(table: string, query: Query): Promise<readonly Row[]>
  /** Calls `heard` after any commit, of this process (`isOurs`) or another. Returns what stops it. */
  onCommit(heard: (isOurs: boolean) => void): () => void
  /** Recomputes every hash of one stream, or of all. */
  verify(stream?: StreamId, onProgress?: (done: number, total: number) => void): Promise<Verdict>
  /** Drops and rebuilds projections from the events. */
  rebuild(onProgress?: (done: number, total: number) => void): Promise<{ readonly events: number }>
  /** Brings lagging projections up to date; how far each is. */
  catchUp(): Promise<Readonly<Record<string, Position>>>
  /** Removes the events and rows of these streams, as far as they are there; their heads stay, named in an event of the stream `store`. */
  prune(streams: readonly StreamId[]): Promise<{ readonly events: number }>
  /** Destroys what events say, for good; their places stay, and the record says that it was done (erasure.ts). @throws {GuardFailed} */
  erase(what: Erase): Promise<Erased>
  /** Where a store can: moves the events of these streams out of the way of the others; they are read as before. */
  archive?(streams: readonly StreamId[]): Promise<{ readonly events: number }>
  /** Writes streams that another store recorded, hashes and times as they are. @throws {ChainBroken} @throws {AlreadyThere} */
  restore(recorded: {
    readonly heads: readonly Head[]
    readonly events: Iterable<StoredEvent>
    /** Streams that came along and are here already, the same: an erasure that comes with them is carried out on them. */
    readonly alreadyHere?: ReadonlySet<StreamId>
  }): Promise<void>
  /** True once this process has the sole right to advance runs; tried again at each call. */
  tryOwn(): Promise<boolean>
  /** Whether a living process, this one included, has that right. Asking takes nothing. */
  isOwned(): Promise<boolean>
  close(): Promise<void>
}
