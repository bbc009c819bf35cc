/**
 * Where in a body an operation is performed: its branch, and what was performed before it in its own flow of control.
 *
 * The flow is followed by async context: each operation leaves its mark (`enterWith`) in the context that its caller's
 * continuations inherit. So in Promise.all(ids.map(async (id) => save(await fetch(id)))) each save knows its own fetch, whatever
 * the order they end in, and whatever plain awaits lie between.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, hash } from 'node:crypto'
import { ThroughlineError } from '../errors.ts'
import type { Context } from '../task/index.ts'
import { BadOperation } from './errors.ts'
import type { Performed } from './history.ts'

export interface Place {
  /** The run whose body this is, or whose step's function. */
  readonly owner: object
  readonly isInStep: boolean
  /** What its flow performed last: while live nothing before that, more while operations are held against the record. */
  readonly before: Performed | undefined
  /** Within a tool's function: its branch, whichever context the function asks. */
  readonly within?: Branch | undefined
  /** Within a tool's function: the hold it has on its run. */
  readonly hold?: Hold | undefined
  /** Within a branch: the context it was given. */
  readonly context?: Context | undefined
}

/** Keeps a run from coming to rest while a function is at work; let go while that function only awaits operations. */
export interface Hold {
  readonly awaits: () => void
  readonly goesOn: () => void
}

export const places = new AsyncLocalStorage<Place>()

/** Between the names of nested branches. */
export const SEPARATOR = ' › '

/** A part of a body with names and ordinals of its own. */
export class Branch {
  readonly prefix: string
  readonly parent: Branch | undefined
  /** Within a race: its outcomes are settled one at a time, so that losers can be released between. */
  readonly isRaced: boolean
  /** Its operations never settle any more. */
  #isReleased = false
  /** Replaying the loser of a race that is settled: what has no record must not begin. */
  isReplayOnly = false
  /** What was recorded later than this never reached it. */
  #lastSeq = Number.POSITIVE_INFINITY
  /** The time of the last outcome it was given. */
  lastAt: number
  readonly #ordinals = new Map<string, number>()
  readonly #children: Branch[] = []
  #draws = 0
  #abort: AbortController | undefined

  constructor(prefix: string, parent: Branch | undefined, isRaced: boolean, lastAt: number) {
    this.prefix = prefix
    this.parent = parent
    this.isRaced = isRaced
    this.lastAt = lastAt
  }

  child(name: string, isRaced: boolean): Branch {
    const child = new Branch(`${this.prefix}${name}${SEPARATOR}`, this, isRaced || this.isRaced, this.lastAt)
    child.isReplayOnly = this.isReplayOnly
    child.#lastSeq = this.#lastSeq
    if (this.#isReleased) child.release()
    this.#children.push(child)
    return child
  }

  /** Whether it is `other`, or within it. */
  isWithin(other: Branch): boolean {
    return this === other || (this.parent?.isWithin(other) ?? false)
  }

  /** A branch beside all others, which goes on when they are released. */
  detached(name: string): Branch {
    return new Branch(`${name}${SEPARATOR}`, undefined, false, this.lastAt)
  }

  nextOrdinal(name: string): number {
    const ordinal = (this.#ordinals.get(name) ?? 0) + 1
    this.#ordinals.set(name, ordinal)
    return ordinal
  }

  /** The loser of a race, while it is behind its record: it is given what is recorded up to then, and begins nothing. */
  lose(upTo: number): void {
    this.isReplayOnly = true
    this.#lastSeq = Math.min(this.#lastSeq, upTo)
    for (const child of this.#children) child.lose(upTo)
  }

  /** Whether an outcome still reaches it. */
  takes(seq: number): boolean {
    return !this.#isReleased && seq <= this.#lastSeq
  }

  get isReleased(): boolean {
    return this.#isReleased
  }

  /** From now on nothing begins here; what is recorded is still handed out. */
  holdBack(): void {
    this.isReplayOnly = true
    for (const child of this.#children) child.holdBack()
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#abort?.abort(new BranchReleased())
    for (const child of this.#children) child.release()
  }

  /** Aborted when the branch is released. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#isReleased && !this.#abort.signal.aborted) this.#abort.abort(new BranchReleased())
    return this.#abort.signal
  }

  /** 64 random-looking bits, the same for the same seed, branch and number of draws. */
  draw(seed: string): Buffer {
    return createHash('sha256')
      .update(`${seed}\0${this.prefix}\0${++this.#draws}`)
      .digest()
  }
}

/** Why a signal was aborted: the run was cancelled, or its branch lost a race. */
export class BranchReleased extends ThroughlineError {
  constructor() {
    super('branch_released', {
      message: 'The run was cancelled, or this branch lost its race: stop, and clean up.',
    })
  }
}

/** @throws {BadOperation} for a name that could not be told from another */
export function checkName(name: unknown, kind: string): asserts name is string {
  if (
    typeof name !== 'string' ||
    name.length === 0 ||
    name.length > 200 ||
    /[\p{Cc}›]/u.test(name) ||
    !name.isWellFormed()
  ) {
    throw new BadOperation(
      `The name of a ${kind} must be text of 1 to 200 characters without "›" or control characters; got ${JSON.stringify(name)}.`,
      { name },
    )
  }
}

/** The same for every attempt of an operation of a chapter (`stream`), on any machine; another for a fork, and after a restart. */
export function idempotencyKey(stream: string, key: string): string {
  return hash('sha256', `${stream}\0${key}`, 'base64url').slice(0, 32)
}
