import { ThroughlineError } from '../errors.ts'

/** A newer epoch owns the stream: somebody else took this run over. */
export class OwnershipLost extends ThroughlineError {
  constructor(stream: string) {
    super('ownership_lost', {
      message: `${stream} was taken over by another process; what this one still wanted to write was refused. Nothing to do: the new owner goes on.`,
      data: { stream },
    })
  }
}

/** A stream that should have been new is there already, or a unique row is taken. */
export class AlreadyThere extends ThroughlineError {
  constructor(what: string, data: Readonly<Record<string, unknown>> = {}) {
    super('already_there', {
      message: `${what} exists already; read it instead of creating it.`,
      data: { what, ...data },
    })
  }
}

/** The head of a stream is not where the writer expected it. */
export class StreamMoved extends ThroughlineError {
  constructor(stream: string) {
    super('stream_moved', {
      message: `${stream} has moved on since it was read. Read it again and decide anew.`,
      retryable: true,
      data: { stream },
    })
  }
}

/** A commit was made conditional on the absence of rows, and there were some. */
export class GuardFailed extends ThroughlineError {
  constructor(table: string) {
    super('guard_failed', {
      message: `Rows appeared in ${table} that the commit was to be without. Read them, then commit again.`,
      retryable: true,
      data: { table },
    })
  }
}

/** A body is larger than the store takes. */
export class BodyTooLarge extends ThroughlineError {
  constructor(what: string, bytes: number, limit: number) {
    super('body_too_large', {
      message: `${what} is ${bytes} bytes; the limit is ${limit}. Store the data elsewhere and return its address, or raise open({ maxBodyBytes }).`,
      data: { what, bytes, limit },
    })
  }
}

/** A value that cannot be recorded: a function, a symbol, a cycle. */
export class NotSerializable extends ThroughlineError {
  constructor(path: string, what: string) {
    super('not_serializable', {
      message: `The value at ${path} is ${what}, which cannot be recorded; return data (JSON, Date, Map, Set, BigInt, URL, Uint8Array, Error).`,
      data: { path, what },
    })
  }
}

/** A stored event does not match its hash, or its neighbours. */
export class ChainBroken extends ThroughlineError {
  constructor(stream: string, seq: number, reason: string) {
    super('chain_broken', {
      message: `Event ${seq} of ${stream} does not verify: ${reason}. What was recorded has been changed since; restore the store from a copy, or export what is before it.`,
      data: { stream, seq, reason },
    })
  }
}

/** A stored event was written by a newer program. */
export class KindTooNew extends ThroughlineError {
  constructor(kind: string, version: number, known: number) {
    super('kind_too_new', {
      message: `An event "${kind}" has version ${version}; this program knows up to ${known}. Use the newer Throughline that wrote it.`,
      data: { kind, version, known },
    })
  }
}
