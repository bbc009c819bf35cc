/**
 * What is recorded of one chapter, folded so that replay can ask for it by name.
 *
 * H1. An operation is found by name + ordinal within its branch, never by position (I3).
 * H2. Another kind under the same name is an error naming both.
 * H3. For names that repeat, an operation reached after another predecessor than the recorded one is an error, never another's result.
 */
import {
  bodyOf,
  ChainBroken,
  fits,
  isErased,
  type Head,
  type Kind,
  type Log,
  type StoredEvent,
} from '../log/index.ts'
import { SEPARATOR } from './place.ts'
import { ERROR_CLASSES, ReplayDiverged, RunErased } from './errors.ts'
import {
  callEnded,
  keepDone,
  keepRefused,
  raceSettled,
  runCancelling,
  runFailing,
  runForked,
  runHalted,
  runResumed,
  runOfStream,
  runStarted,
  sleepFired,
  spawnRefused,
  spawnStarted,
  stepCompleted,
  stepFailed,
  waitAnswered,
  waitTimedOut,
  type RunStartedBody,
} from './events.ts'

/** The operations a run's stream records; the part of an event's kind before its dot. */
export type OperationKind = 'step' | 'sleep' | 'wait' | 'call' | 'spawn' | 'race' | 'keep' | FeatureKind

/** Those that features bring (work.ts). */
export type FeatureKind = 'model' | 'tool' | 'context' | 'recovery'

/** What replay reads of an event. The rest is dropped once it is verified: a long history is held in memory. */
export type Told = Pick<
  StoredEvent,
  'kind' | 'version' | 'name' | 'ordinal' | 'after' | 'seq' | 'at' | 'actor' | 'body'
>

export interface Recorded {
  readonly key: string
  readonly kind: OperationKind
  readonly path: string
  readonly after: string | undefined
  readonly firstSeq: number
  /** Its events but the outcome. */
  events: Told[]
  outcome: Told | undefined
  isClaimed: boolean
}

/** What operations of features come to; their shapes are the features' own. */
const FEATURE_OUTCOMES = [
  'model.answered',
  'model.failed',
  'tool.returned',
  'tool.failed',
  'context.compacted',
  'context.refused',
  'recovery.rung',
  'recovery.over',
] as const
/** Most operations have no event but their outcome. Never added to. */
const NONE: Told[] = []
const OPERATIONS: ReadonlySet<string> = new Set([
  'step',
  'sleep',
  'wait',
  'call',
  'spawn',
  'race',
  'keep',
  'model',
  'tool',
  'context',
  'recovery',
])
const OUTCOMES: ReadonlySet<string> = new Set([
  ...[
    stepCompleted,
    stepFailed,
    sleepFired,
    waitAnswered,
    waitTimedOut,
    callEnded,
    spawnRefused,
    spawnStarted,
    raceSettled,
    keepDone,
    keepRefused,
  ].map((k) => k.name),
  ...FEATURE_OUTCOMES,
])

/** An operation of a flow, and when it was first recorded (Infinity: not yet). */
export interface Performed {
  readonly key: string
  readonly seq: number
  /** What the flow performed before that, where it still matters. */
  readonly before: Performed | undefined
}

/** Whether the flow reached an operation after what it was recorded after, not counting operations the code gained since. */
function followed(recorded: Recorded, before: Performed | undefined): boolean {
  for (let one = before; one; one = one.before) {
    if (one.key === recorded.after) return true
    if (one.seq < recorded.firstSeq) return false
  }
  return recorded.after === undefined
}

export const keyOf = (path: string, ordinal: number): string => `${path}#${ordinal}`

/** The body of a run's event, with the layer's own error classes restored. */
export function read<Body>(of: Kind<Body>, event: Pick<StoredEvent, 'kind' | 'version' | 'body'>): Body {
  return bodyOf(of, event, ERROR_CLASSES)
}

export class History {
  readonly operations = new Map<string, Recorded>()
  readonly started: RunStartedBody
  readonly startedAt: number
  /** How many processes have carried this chapter. */
  attempt = 0
  /** Outcomes recorded and not yet handed to the body. */
  undelivered = 0
  /** Operations recorded and not yet asked for. */
  unasked = 0
  cancelling: { readonly reason: string } | undefined
  failing: { readonly error: unknown } | undefined
  halted: { readonly mode: string } | undefined
  /** How often a person lifted a halt. */
  resumed = 0
  fork: { readonly seq: number; readonly seed: string } | undefined
  lastAt: number
  last: Told
  /** What features noted, in order: no part of any operation. */
  readonly notes: Told[] = []
  readonly #repeats = new Map<string, number>()

  constructor(events: readonly Told[]) {
    const [first] = events
    if (!first || first.kind !== runStarted.name)
      throw new ChainBroken('a run', 1, 'it does not begin with run.started')
    this.started = read(runStarted, first)
    this.startedAt = first.at
    this.lastAt = first.at
    this.last = first
    for (const event of events) this.#add(event)
  }

  #add(event: Told): void {
    this.last = event
    const group = event.kind.slice(0, event.kind.indexOf('.'))
    if (OPERATIONS.has(group) && event.name !== undefined)
      return this.#addOperation(group as OperationKind, event, event.name)
    if (event.kind === 'run.claimed') this.attempt++
    else if (event.kind === runCancelling.name) {
      this.cancelling = read(runCancelling, event)
      this.halted = undefined
    } else if (event.kind === runFailing.name) this.failing = { error: read(runFailing, event).e }
    else if (event.kind === runHalted.name) this.halted = read(runHalted, event)
    else if (event.kind === runResumed.name) {
      this.halted = undefined
      this.resumed++
    } else if (event.kind === runForked.name)
      this.fork = { seq: event.seq, seed: read(runForked, event).seed }
    else if (group !== 'run') this.notes.push(event)
  }

  #addOperation(kind: OperationKind, event: Told, path: string): void {
    const key = keyOf(path, event.ordinal ?? 1)
    let recorded = this.operations.get(key)
    if (!recorded) {
      recorded = {
        key,
        kind,
        path,
        after: event.after,
        firstSeq: event.seq,
        events: NONE,
        outcome: undefined,
        isClaimed: false,
      }
      this.operations.set(key, recorded)
      this.unasked++
      this.#repeats.set(path, (this.#repeats.get(path) ?? 0) + 1)
    }
    if (!OUTCOMES.has(event.kind)) {
      if (recorded.events === NONE) recorded.events = [event]
      else recorded.events.push(event)
    } else if (!recorded.outcome) {
      recorded.outcome = event
      this.undelivered++
    }
    if (event.kind === 'wait.returned') this.#forget(recorded)
  }

  /** The answer went back to the inbox: the wait, asked again, is open again. */
  #forget(recorded: Recorded): void {
    if (recorded.outcome) this.undelivered--
    recorded.outcome = undefined
  }

  /** The record of an operation the body performs, if there is one; `before` is what its flow performed, nearest first. @throws {ReplayDiverged} */
  claim(kind: OperationKind, key: string, path: string, before: Performed | undefined): Recorded | undefined {
    const recorded = this.operations.get(key)
    if (!recorded) return undefined
    const run = this.started.run
    if (recorded.kind !== kind) throw new ReplayDiverged(run, path, `as a ${recorded.kind}`, `as a ${kind}`)
    if ((this.#repeats.get(path) ?? 0) > 1 && !followed(recorded, before)) {
      const says = (after: string | undefined) =>
        after === undefined ? 'first of its flow' : `after "${after}"`
      throw new ReplayDiverged(run, recorded.key, says(recorded.after), says(before?.key))
    }
    if (!recorded.isClaimed) this.unasked--
    recorded.isClaimed = true
    return recorded
  }

  /** All events of operations that features brought, oldest first. */
  ofFeatures(): Told[] {
    return [...this.operations.values()]
      .filter(({ kind }) => kind === 'model' || kind === 'tool')
      .flatMap(({ events, outcome }) => (outcome ? [...events, outcome] : events))
      .toSorted((a, b) => a.seq - b.seq)
  }

  /** Records under a branch whose owner's outcome is on the record: the body will not come by them again. */
  passOver(prefix: string): void {
    if (this.unasked <= 0) return
    for (const recorded of this.operations.values()) {
      if (recorded.isClaimed || !recorded.path.startsWith(prefix)) continue
      recorded.isClaimed = true
      this.unasked--
      if (recorded.outcome) this.undelivered--
    }
  }

  /** Of a kind, recorded under names that begin so, and not asked for yet. */
  unaskedUnder(kind: OperationKind, prefix: string): Recorded[] {
    if (this.unasked <= 0) return []
    return [...this.operations.values()].filter(
      (o) => !o.isClaimed && o.kind === kind && o.path.startsWith(prefix),
    )
  }

  /** Whether an outcome recorded before `seq` has not been asked for yet. */
  hasUndeliveredBefore(seq: number): boolean {
    if (this.undelivered <= 0) return false
    for (const { outcome, isClaimed } of this.operations.values())
      if (outcome && !isClaimed && outcome.seq < seq) return true
    return false
  }

  /** Operations with an outcome that the body never asked for: steps the code lost. */
  unclaimed(): string[] {
    return [...this.operations.values()].filter((o) => o.outcome && !o.isClaimed).map((o) => o.key)
  }

  /** Names of the branches directly under a prefix that have anything on the record. */
  branchesUnder(prefix: string): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { path } of this.operations.values()) {
      if (!path.startsWith(prefix)) continue
      const end = path.indexOf(SEPARATOR, prefix.length)
      if (end > 0) names.add(path.slice(prefix.length, end))
    }
    return names
  }

  /** Steps that completed with a compensation, oldest first. */
  compensable(): Recorded[] {
    return [...this.operations.values()].filter(
      (o) =>
        o.kind === 'step' && o.outcome?.kind === stepCompleted.name && read(stepCompleted, o.outcome).c === 1,
    )
  }
}

/** Reads a chapter and recomputes every hash on the way. @throws {ChainBroken} @throws {RunErased} */
export async function readChapter(log: Log, { stream, continues }: Head): Promise<Told[]> {
  let previous = continues?.hash ?? new Uint8Array(32)
  const events: Told[] = []
  for await (const page of log.read(stream)) {
    for (const event of page) {
      if (event.seq !== events.length + 1)
        throw new ChainBroken(stream, events.length + 1, 'the event is missing')
      if (!fits(previous, event))
        throw new ChainBroken(
          stream,
          event.seq,
          'its hash does not fit its header, its body and its predecessor',
        )
      if (isErased(event)) throw new RunErased(runOfStream(stream))
      previous = event.hash
      const { kind, version, name, ordinal, after, seq, at, actor, body } = event
      events.push({ kind, version, name, ordinal, after, seq, at, actor, body })
    }
    if (page.length === 1000) await new Promise(setImmediate) // other runs go on meanwhile
  }
  return events
}
