/**
 * A record that goes on where the code gained something: with the outcomes that a test gives in its place.
 *
 * V1. What is on record is never overridden: an outcome is given only to an operation of which nothing is recorded.
 * V2. It is handed out after all that is on record and asked for, as the engine would hand it out: it would be recorded last.
 */
import { encode, eventOf, type NewEvent, type StoredEvent } from '../log/index.ts'
import { events as runEvents, History, type OperationKind, type Recorded } from '../run/index.ts'

/** Outcomes by the operation's name, `name#2`, or path (`inspect › acme › read`), as a verdict lists what was gained. */
export type Given = Readonly<Record<string, unknown>>

export class GivenHistory extends History {
  /** What was asked for that is not on the record, and whether its outcome was given. */
  readonly gained = new Map<string, 'given' | 'open'>()
  readonly #given: Given
  #times = 0

  /** @throws {NotSerializable} where no body could be given such an outcome */
  constructor(events: readonly StoredEvent[], given: Given) {
    super(events)
    this.#given = given
    for (const value of Object.values(given)) outcomeOf('step', value)
  }

  override claim(...asked: Parameters<History['claim']>): Recorded | undefined {
    const recorded = super.claim(...asked)
    if (recorded) return recorded
    const [kind, key, path] = asked
    const name = [key, path].find((one) => Object.hasOwn(this.#given, one))
    this.gained.set(key, name === undefined ? 'open' : 'given')
    if (name === undefined) return undefined
    this.undelivered++
    const { seq, at } = this.last
    // Of a stored event, delivering reads these fields only.
    const outcome = { ...outcomeOf(kind, this.#given[name]), at, seq: seq + ++this.#times } as StoredEvent
    const firstSeq = Number.POSITIVE_INFINITY
    return { key, kind, path, after: undefined, firstSeq, events: [], outcome, isClaimed: true }
  }
}

/** The event that gives the body this value. */
function outcomeOf(kind: OperationKind, value: unknown): NewEvent {
  switch (kind) {
    case 'step':
      return eventOf(runEvents.stepCompleted, { v: value })
    case 'sleep':
      return eventOf(runEvents.sleepFired, undefined)
    case 'wait':
      return eventOf(runEvents.waitAnswered, { message: 'given', v: value })
    case 'call':
      return eventOf(runEvents.callEnded, { message: 'given', status: 'done', v: value })
    case 'spawn':
      return eventOf(runEvents.spawnStarted, { run: String(field(value, 'id')), onParentEnd: 'leave' })
    case 'keep':
      return eventOf(runEvents.keepDone, { v: value })
    case 'model':
      return { kind: 'model.answered', version: 1, body: encode(value) }
    case 'recovery':
      return { kind: 'recovery.rung', version: 1, body: encode(value) }
    case 'tool':
      return { kind: 'tool.returned', version: 1, body: encode({ v: value }) }
    case 'context':
      return { kind: 'context.compacted', version: 1, body: encode(value) }
    case 'race':
      return eventOf(runEvents.raceSettled, {
        winner: String(field(value, 'winner')),
        upTo: 0,
        v: field(value, 'value'),
      })
  }
}

const field = (value: unknown, name: string): unknown => (Object(value) as Record<string, unknown>)[name]
