/**
 * What happened to a run besides what it did: failures and the way out that was taken, limits that were reached, words of people,
 * plans that were changed.
 *
 * H1. What happens again and again is one line that says how often: a run that tried a hundred times has a brief all the same.
 */
import { boundaryBreached, contextCompacted } from '../boundary/index.ts'
import { bodyOf, type StoredEvent } from '../log/index.ts'
import { modelAttempted, toolAttempted } from '../model/index.ts'
import { questionOf, putIn, spoken, type AnswerBody, type QuestionPut } from '../oversight/index.ts'
import { recoveryRung } from '../recovery/index.ts'
import { events, read } from '../run/index.ts'
import { problemOf } from './calls.ts'
import { DONE, SET, type PlanSet, type PlanStepDone } from './plan.ts'
import type { Seen } from './record.ts'
import { line, shortened, shown } from './wording.ts'

const SHOWN = 300

/** Something that is told in a line of its own. */
export interface Happening extends Seen {
  readonly text: string
}

interface Repeated extends Happening {
  readonly times: number
}

export class Happenings {
  readonly #met = new Map<string, Repeated>()
  readonly #asked = new Map<string, QuestionPut>()
  /** By the question. */
  readonly #said = new Map<string, Happening>()
  #planned = new Map<string, string>()
  readonly #unplanned = new Map<string, Happening>()

  /** Failures met and what was done, what came last at the end. */
  get met(): readonly Happening[] {
    return [...this.#met.values()].map((one) =>
      one.times === 1 ? one : { ...one, text: `${one.text} (${one.times} times)` },
    )
  }

  /** Answers of people, in their order. */
  get said(): readonly Happening[] {
    return [...this.#said.values()]
  }

  /** Steps that were planned once, and are no part of the plan any more. */
  get unplanned(): readonly Happening[] {
    return [...this.#unplanned.values()]
  }

  /** Whether the event is told here, and nowhere else. */
  add(event: StoredEvent, seen: Seen): boolean {
    switch (event.kind) {
      case recoveryRung.name: {
        const { mode, operation, rung, because, to } = bodyOf(recoveryRung, event)
        return this.#meet(
          seen,
          `${mode} at ${operation}: ${rung}${to === undefined ? '' : ` to ${to}`}`,
          because,
        )
      }
      case boundaryBreached.name: {
        const { what, limit, actual, operation, action } = bodyOf(boundaryBreached, event)
        const reached = `Limit ${what} reached at ${operation}: ${shown(actual, 80)} of ${shown(limit, 80)}`
        return this.#meet(seen, reached, `then ${action}`)
      }
      case modelAttempted.name:
      case toolAttempted.name:
        return this.#meet(
          seen,
          `${seen.label} failed and was tried again`,
          problemOf(bodyOf(modelAttempted, event)),
        )
      case contextCompacted.name: {
        const { dropped, before, after } = bodyOf(contextCompacted, event)
        const how = `${dropped.length} messages, from ${before} to ${after} tokens`
        return this.#meet(seen, 'The conversation was shortened', how)
      }
      case events.keepDone.name:
        return this.#kept(event, seen)
      case events.waitAnswered.name:
      case events.waitTimedOut.name:
      case events.waitReturned.name:
        return this.#heard(event, seen)
      default:
        return false
    }
  }

  /** Under what is the same of all of them; why, as it was said last. */
  #meet(seen: Seen, what: string, because: string): true {
    const key = line(what)
    const times = (this.#met.get(key)?.times ?? 0) + 1
    this.#met.delete(key)
    this.#met.set(key, { ...seen, text: shortened(`${key}: ${because}`, SHOWN), times })
    return true
  }

  #kept(event: StoredEvent, seen: Seen): boolean {
    const name = lastOf(event.name)
    // What these operations record.
    if (name === SET) this.#plannedAnew((valueOf(event) as PlanSet).plan, seen)
    else if (name.startsWith(`${DONE} `)) this.#planned.delete((valueOf(event) as PlanStepDone).id)
    else if (putIn(event) !== undefined) this.#put(valueOf(event) as QuestionPut)
    else if (name.startsWith('expire ')) this.#expired(name.slice('expire '.length), seen, valueOf(event))
    else return false
    return true
  }

  #put(put: QuestionPut): void {
    this.#asked.set(put.question, put)
  }

  #plannedAnew(plan: PlanSet['plan'], seen: Seen): void {
    const now = new Map(plan.filter(({ doneAt }) => doneAt === undefined).map(({ id, title }) => [id, title]))
    const known = new Set(plan.map(({ id }) => id))
    for (const [id, title] of this.#planned)
      if (!known.has(id))
        this.#unplanned.set(id, { ...seenOf(seen), text: line(`No longer planned: ${title} [${id}]`) })
    for (const id of known) this.#unplanned.delete(id)
    this.#planned = now
  }

  /** What came of waiting for an answer. */
  #heard(event: StoredEvent, seen: Seen): boolean {
    const put = this.#asked.get(questionOf(event.name ?? '') ?? '')
    if (!put) return false
    if (event.kind === events.waitAnswered.name) this.#say(put, seen, valueOf(event) as AnswerBody) // what such a wait is for
    else if (event.kind === events.waitReturned.name) this.#said.delete(put.question)
    return true
  }

  #expired(question: string, seen: Seen, value: unknown): void {
    const put = this.#asked.get(question)
    if (!put) return
    const { answer } = value as { readonly answer?: AnswerBody } // what `expire` records
    if (answer) this.#say(put, seen, answer)
    else this.#said.set(question, { ...seenOf(seen), text: line(`Nobody answered in time: ${put.asks}`) })
  }

  #say({ question, asks }: QuestionPut, seen: Seen, { value, by, reason, edits }: AnswerBody): void {
    const why = reason === undefined ? '' : ` (${reason})`
    const word = spoken(edits ? { value, edits: [] } : { value })
    const changed = (edits ?? []).map(
      ({ path, was, is }) => `${path === '' ? 'all of it' : path} from ${shown(was, 80)} to ${shown(is, 80)}`,
    )
    const edited = changed.length === 0 ? '' : `; changed ${changed.join(', ')}`
    this.#said.set(question, {
      ...seenOf(seen),
      text: line(`${asks} ${by} said: ${shown(word, SHOWN)}${why}${edited}`),
    })
  }
}

const seenOf = ({ label, stream, seq, at }: Seen): Seen => ({ label, stream, seq, at })
/** Of a path of branches. */
const lastOf = (path = ''): string => path.split(' › ').at(-1) ?? ''

const valueOf = (event: StoredEvent): unknown =>
  read(events.keepDone, { ...event, kind: events.keepDone.name }).v
