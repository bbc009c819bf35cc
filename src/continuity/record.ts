/**
 * What a run did, folded from its own events, so that a brief need not read ten thousand of them twice.
 *
 * R1. A fold only grows: events are never rewritten, so it goes on where it stopped.
 * R2. A large result is kept as the few characters that a brief would show of it.
 */
import { messageOf } from '../errors.ts'
import type { StoredEvent } from '../log/index.ts'
import { answerIn, putIn, questionOf, spoken } from '../oversight/index.ts'
import { events, read, type RunStartedBody } from '../run/index.ts'
import { shortened, shown } from './wording.ts'

/** An operation that has an outcome. */
export interface Entry {
  readonly label: string
  readonly stream: string
  readonly seq: number
  readonly at: number
  /** How it failed. */
  readonly error?: string
  /** What came of it, in so many characters. */
  readonly result: () => string
}

/** An effect of which it is not known whether it took place. */
export interface Doubt {
  readonly label: string
  readonly stream: string
  readonly seq: number
  readonly at: number
  /** Somebody has looked, and could not tell; else its process may only just have begun it. */
  readonly because: string | undefined
}

/** How it ended, or halted. */
export interface Ended {
  readonly status: 'done' | 'failed' | 'cancelled' | 'halted'
  readonly text: string
  readonly stream: string
  readonly seq: number
  readonly at: number
}

const SHOWN = 300
const LARGE_BODY = 4000

export class RunRecord {
  started: RunStartedBody | undefined
  /** Of the first chapter. */
  startedAt = 0
  readonly done: Entry[] = []
  readonly failed: Entry[] = []
  readonly doubts = new Map<string, Doubt>()
  /** Failed attempts of steps without an outcome yet, and of those that then went well. */
  readonly attempts = new Map<string, { n: number; label: string; error: string; at: StoredEvent }>()
  end: Ended | undefined
  /** What was asked of people, by the id of the question. */
  readonly #questions = new Map<string, string>()

  add(event: StoredEvent): void {
    const { kind } = event
    switch (kind) {
      case events.runStarted.name: {
        const body = read(events.runStarted, event)
        if (body.chapter === 1) this.startedAt = event.at
        this.started = body
        this.end = undefined
        return
      }
      case events.stepCompleted.name:
        return this.#completed(event, (v) => v)
      case events.waitAnswered.name:
        return this.#answered(event)
      case events.callEnded.name: {
        const { status, e } = read(events.callEnded, event)
        return status === 'done' ? this.#completed(event, (v) => v) : this.#failed(event, e)
      }
      case events.waitReturned.name: {
        const at = this.done.findLastIndex(({ label }) => label === labelOf(this.#named(event)))
        return at < 0 ? undefined : void this.done.splice(at, 1)
      }
      case events.stepFailed.name:
        return this.#failed(event, read(events.stepFailed, event).e)
      case events.keepRefused.name:
        return this.#failed(event, read(events.keepRefused, event).e)
      case events.spawnRefused.name:
        return this.#failed(event, read(events.spawnRefused, event).e)
      case events.waitTimedOut.name:
        return this.#failed(this.#named(event), 'nobody answered in time')
      case events.keepDone.name: {
        const put = putIn(event)
        if (put) this.#questions.set(put.question, labelOf(event))
        // What was kept is shown where it belongs, as an item or in the plan; a checkpoint that was passed is work done.
        return labelOf(event).startsWith('checkpoint ') ? this.#completed(event, () => 'passed') : undefined
      }
      case events.stepAttempted.name: {
        const { n, e } = read(events.stepAttempted, event)
        this.attempts.set(keyOf(event), {
          n,
          label: labelOf(event),
          error: shortened(messageOf(e), SHOWN),
          at: event,
        })
        return void this.doubts.delete(keyOf(event))
      }
      case events.stepIntended.name:
        return this.#doubt(event, undefined)
      case events.stepDoubted.name:
        return this.#doubt(event, shortened(read(events.stepDoubted, event).because, SHOWN))
      case events.stepCleared.name:
        return void this.doubts.delete(keyOf(event))
      case events.runResumed.name:
      case events.runCancelling.name:
        this.end = undefined
        return
      default:
        return this.#ended(event)
    }
  }

  #answered(event: StoredEvent): void {
    const named = this.#named(event)
    const answer = answerIn(event)
    if (!answer) return this.#completed(event, (v) => v)
    const why = answer.reason === undefined ? '' : `: ${answer.reason}`
    const text = shortened(`${shown(spoken(answer), SHOWN)} (${answer.by}${why})`, SHOWN)
    this.done.push({ ...placeOf(named), result: () => text })
  }

  /** The answer to a question is shown under what was asked. */
  #named(event: StoredEvent): StoredEvent {
    const label = this.#questions.get(questionOf(event.name ?? '') ?? '')
    return label === undefined ? event : { ...event, name: label, ordinal: 1 }
  }

  #completed(event: StoredEvent, valueOf: (v: unknown) => unknown): void {
    this.doubts.delete(keyOf(event))
    const { kind, version, body = '' } = event
    const text = () => shown(valueOf(read(OUTCOME(kind), { kind, version, body: body || '{}' }).v), SHOWN)
    let known = body.length > LARGE_BODY ? text() : undefined
    this.done.push({ ...placeOf(event), result: () => (known ??= text()) })
  }

  #failed(event: StoredEvent, error: unknown): void {
    this.doubts.delete(keyOf(event))
    const text = shortened(messageOf(error), SHOWN)
    this.failed.push({ ...placeOf(event), error: text, result: () => text })
  }

  #doubt(event: StoredEvent, because: string | undefined): void {
    this.doubts.set(keyOf(event), { ...placeOf(event), because })
  }

  #ended(event: StoredEvent): void {
    const { stream, seq, at } = event
    const end = (status: Ended['status'], text: string) => (this.end = { status, text, stream, seq, at })
    if (event.kind === events.runDone.name) end('done', shown(read(events.runDone, event).v, 1000))
    else if (event.kind === events.runCancelled.name)
      end('cancelled', shortened(read(events.runCancelled, event).reason, 1000))
    else if (event.kind === events.runFailed.name) {
      const { mode, e } = read(events.runFailed, event)
      end('failed', shortened(`${mode}: ${messageOf(e)}`, 1000))
    } else if (event.kind === events.runHalted.name) {
      const { mode, e } = read(events.runHalted, event)
      end('halted', shortened(`${mode}: ${messageOf(e)}`, 1000))
    }
  }
}

/** Outcomes differ in what else they say; their value is `v` in each. */
const OUTCOME = (kind: string) => ({ name: kind, version: 1, upcast: {} }) as typeof events.keepDone

const keyOf = ({ stream, name, ordinal }: StoredEvent): string => `${stream} ${name ?? ''}#${ordinal ?? 1}`

/** As people know it: its whole path, and which use of the name it is where there were others. */
function labelOf({ name = '', ordinal = 1 }: StoredEvent): string {
  return ordinal > 1 ? `${name}#${ordinal}` : name
}

function placeOf(event: StoredEvent) {
  const { stream, seq, at } = event
  return { label: labelOf(event), stream, seq, at }
}
