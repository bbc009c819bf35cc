/**
 * Operations that features bring: a model call, a tool call. What `Work` offers is all that they do with a run.
 *
 * W1. A feature's operation is performed like any other (I4): known by name, answered from the record, its outcome handed out in turn.
 * W2. What a feature throws at a body on purpose goes through `meaning`, live and replayed alike; `halt` and `fail` throw nothing at
 *     all: the body is dropped, so that nobody's `catch` can swallow them.
 * W3. A tool's function has a branch of its own, whichever context it asks: two calls of one tool never take each other's outcomes. While
 *     it only awaits operations of ours, the run may rest.
 */
import type { Append, Change, Committed, NewEvent, OperationRef } from '../log/index.ts'
import type { Generation } from './generation.ts'
import type { FeatureKind, Recorded, Told } from './history.ts'
import type { Operation, Settled } from './operation.ts'
import { idempotencyKey, places, type Branch, type Hold } from './place.ts'
import type { Resolution } from './events.ts'
import { never } from './recorder.ts'
import { unread, type BriefUnread } from './unread.ts'

/** One operation, to the feature that brought it. */
export interface Work {
  /** With the path of its branch. */
  readonly path: string
  /** With the number of the use of its name. */
  readonly key: string
  readonly idempotencyKey: string
  /** Aborted when the run is cancelled or its branch released. */
  readonly signal: AbortSignal
  /** What is recorded of it without an outcome, oldest first. */
  readonly events: readonly Told[]
  readonly ref: OperationRef
  /** False while a run is being stopped: then nothing begins. Asked before every effect, after the first look at `events`. */
  readonly mayBegin: () => boolean
  /** The run is still this process's, surely. */
  readonly holds: () => Promise<boolean>
  /** The brief that has to be read first. */
  readonly unread: () => BriefUnread | undefined
  /** Runs something that must end before the run can rest. */
  readonly effect: (work: () => Promise<void>) => void
  readonly record: (
    events: readonly NewEvent[],
    also?: readonly Append[],
    unless?: Change['unless'],
  ) => Promise<Committed>
  /** Records the outcome (the last of these), and hands it to the body. */
  readonly settle: (
    events: readonly NewEvent[],
    also?: readonly Append[],
    unless?: Change['unless'],
  ) => Promise<void>
  /** Goes on at that time; until then the run may rest. */
  readonly pause: (due: number, goOn: () => void) => void
  /** Waits for a person's word on an effect that may have happened: `throughline resolve`. */
  readonly doubt: (attempt: number, settled: (resolution: Resolution) => Doubt) => void
  /** Runs a tool's function in a branch of its own. */
  readonly inside: <T>(run: () => Promise<T>) => Promise<T>
}

export type Doubt = NonNullable<Operation['settleDoubt']> extends (resolution: never) => infer R ? R : never

export interface Performing {
  readonly kind: FeatureKind
  readonly name: string
  readonly begin: (work: Work) => void
  /** `key` is the operation's as it is recorded. */
  readonly meaning: (event: Pick<Told, 'kind' | 'version' | 'body'>, key: string) => Settled
  /** Where nothing is recorded under the name: which of what is recorded there and was not asked for yet is meant instead. */
  readonly orElse?: {
    readonly prefix: string
    readonly choose: (recorded: readonly Recorded[]) => Recorded | undefined
  }
}

/** The branch an operation belongs to: of the tool whose function asks, where one does. */
export function branchHere(generation: Generation, branch: Branch): Branch {
  const place = places.getStore()
  return place?.owner === generation && place.within?.isWithin(branch) ? place.within : branch
}

export function performWork(generation: Generation, branch: Branch, asked: Performing): Promise<unknown> {
  const { kind, name, begin, meaning, orElse } = asked
  const { history } = generation
  const path = branch.prefix + name
  const ordinal = branch.nextOrdinal(name)
  let parts = { path, ordinal }
  if (orElse && !history.operations.has(`${path}#${ordinal}`)) {
    const other = orElse.choose(history.unaskedUnder(kind, branch.prefix + orElse.prefix))
    if (other) parts = { path: other.path, ordinal: Number(other.key.slice(other.path.length + 1)) }
  }
  return generation.perform(
    branch,
    kind,
    name,
    (operation) => {
      operation.meaning = (event) => meaning(event, operation.key)
      const { recorded } = operation
      if (!recorded?.outcome) return begin(workOf(generation, operation))
      if (kind !== 'model') history.passOver(`${operation.path}#${operation.ordinal} `)
    },
    parts,
  )
}

function workOf(generation: Generation, operation: Operation): Work {
  const ref = generation.ref(operation)
  return {
    path: operation.path,
    key: operation.key,
    idempotencyKey: idempotencyKey(generation.stream, operation.key),
    get signal() {
      return operation.branch.signal
    },
    events: operation.recorded?.events ?? [],
    ref,
    mayBegin: () => !operation.branch.isReleased && generation.mayBegin(operation),
    async holds() {
      await generation.surroundings.held()
      return generation.mayAct
    },
    unread: () => unread(generation, operation),
    effect: (work) => generation.effect(work),
    record: (events, also, unless) => generation.record(events, also, unless),
    settle: (events, also, unless) => generation.settle(operation, events, also, unless),
    pause(due, goOn) {
      operation.waiting = { kind: 'retry', name: operation.path, due }
      operation.fire = () => goOn
      generation.delivery.poke()
    },
    doubt(attempt, settled) {
      generation.pending.add(operation)
      const { path: name, ordinal } = operation
      operation.waiting = { kind: 'in_doubt', name, ordinal, attempt }
      operation.settleDoubt = settled
      generation.delivery.poke()
    },
    inside(run) {
      const within = operation.branch.child(
        `${operation.path.slice(operation.branch.prefix.length)}#${operation.ordinal}`,
        false,
      )
      const hold = new Holding(generation)
      const { context } = places.getStore() ?? {}
      const place = { owner: generation, isInStep: false, before: undefined, within, hold, context }
      return places.run(place, run).finally(() => hold.end())
    },
  }
}

/** While the function only awaits operations, it does not keep the run from resting. */
class Holding implements Hold {
  readonly #generation: Generation
  #awaited = 0
  #hasEnded = false

  constructor(generation: Generation) {
    this.#generation = generation
    generation.enter()
  }

  awaits(): void {
    if (this.#awaited++ === 0 && !this.#hasEnded) this.#generation.leave()
  }

  goesOn(): void {
    if (--this.#awaited === 0 && !this.#hasEnded) this.#generation.enter()
  }

  end(): void {
    if (!this.#hasEnded && this.#awaited === 0) this.#generation.leave()
    this.#hasEnded = true
  }
}

/** Ends the run where it stands, halted; a person can lift it. */
export function halt(generation: Generation, error: unknown): Promise<never> {
  generation.ending.halt(error)
  return never()
}

/** Ends the run halted, once what is under way is recorded. */
export function haltInTurn(generation: Generation, error: unknown): Promise<never> {
  generation.ending.haltInTurn(error)
  return never()
}

/** Ends the run failed, as if its body had thrown. */
export function fail(generation: Generation, error: unknown): Promise<never> {
  generation.ending.threw(error)
  return never()
}

const states = new WeakMap<Generation, Map<symbol, object>>()

/** State of a feature for this life of a run. */
export function shared<T extends object>(generation: Generation, key: symbol, make: () => T): T {
  const known = states.get(generation) ?? new Map<symbol, object>()
  states.set(generation, known)
  const there = known.get(key) as T | undefined // whoever has the key put it there
  if (there) return there
  const made = make()
  known.set(key, made)
  return made
}
