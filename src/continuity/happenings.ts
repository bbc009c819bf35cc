/**
 * What happened to a run besides what it did: failures and the way out that was taken, limits that were reached, words of people,
 * plans that were changed.
 *
 * H1. What happens again and again is one line that says how often: a run that tried a hundred times has a brief all the same.
 */
import { decode, type StoredEvent } from '../log/index.ts'
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

/** What the run's record has of a question, and of its answer (oversight/). */
interface Put {
  readonly question: string
  readonly asks: string
  readonly to?: string
}
interface Answer {
  readonly value?: unknown
  readonly by?: string
  readonly reason?: string
  readonly edits?: readonly { readonly path: string; readonly was?: unknown; readonly is?: unknown }[]
}

const ANSWER = 'answer to '

export class Happenings {
  readonly #met = new Map<string, Repeated>()
  readonly #asked = new Map<string, Put & Seen>()
  readonly said: Happening[] = []
  #planned = new Map<string, string>()
  readonly #unplanned = new Map<string, Happening>()

  /** Failures met and what was done, what came last at the end. */
  get met(): readonly Happening[] {
    return [...this.#met.values()].map((one) =>
      one.times === 1 ? one : { ...one, text: `${one.text} (${one.times} times)` },
    )
  }

  /** Questions without an answer. */
  get open(): readonly Happening[] {
    return [...this.#asked.values()].map((put) => ({
      ...seenOf(put),
      text: line(
        `${put.to === undefined ? 'Asked' : `Asked of ${put.to}`}, and not answered: ${put.asks} [${put.question}]`,
      ),
    }))
  }

  /** Steps that were planned once, and are no part of the plan any more. */
  get unplanned(): readonly Happening[] {
    return [...this.#unplanned.values()]
  }

  /** Whether the event is told here, and nowhere else. */
  add(event: StoredEvent, seen: Seen): boolean {
    switch (event.kind) {
      case 'recovery.rung': {
        const { mode, operation, rung, because, to } = bodyOf(event)
        const whom = to === undefined ? '' : ` to ${String(to)}`
        return this.#meet(seen, `${String(mode)} at ${String(operation)}: ${String(rung)}${whom}`, because)
      }
      case 'boundary.breached': {
        const { what, limit, actual, operation, action } = bodyOf(event)
        const reached = `Limit ${String(what)} reached at ${String(operation)}: ${shown(actual, 80)} of ${shown(limit, 80)}`
        return this.#meet(seen, reached, action === undefined ? undefined : `then ${String(action)}`)
      }
      case 'model.attempted':
      case 'tool.attempted':
        return this.#meet(seen, `${seen.label} failed and was tried again`, problemOf(bodyOf(event)))
      case 'context.compacted': {
        const { dropped, before, after } = bodyOf(event)
        const count = Array.isArray(dropped) ? dropped.length : 0
        return this.#meet(
          seen,
          'The conversation was shortened',
          `${count} messages, from ${String(before)} to ${String(after)} tokens`,
        )
      }
      case 'keep.done':
        return this.#kept(event, seen)
      case 'wait.answered':
        return this.#answered(event, seen)
      default:
        return false
    }
  }

  /** Under what is the same of all of them; why, as it was said last. */
  #meet(seen: Seen, what: string, because: unknown): true {
    const key = line(what)
    const times = (this.#met.get(key)?.times ?? 0) + 1
    this.#met.delete(key)
    const why = because === undefined ? '' : `: ${String(because)}`
    this.#met.set(key, { ...seen, text: shortened(`${key}${why}`, SHOWN), times })
    return true
  }

  #kept(event: StoredEvent, seen: Seen): boolean {
    const name = lastOf(event.name)
    if (name === SET) this.#plannedAnew((bodyOf(event)['v'] as PlanSet).plan, seen)
    else if (name.startsWith(`${DONE} `)) this.#planned.delete((bodyOf(event)['v'] as PlanStepDone).id)
    else if (name.startsWith('ask ') || name.startsWith('approve ')) this.#put(bodyOf(event)['v'], seen)
    else if (name.startsWith('expire ')) this.#expired(name.slice('expire '.length), bodyOf(event)['v'], seen)
    else return false
    return true
  }

  #put(value: unknown, seen: Seen): void {
    if (isPut(value)) this.#asked.set(value.question, { ...value, ...seenOf(seen) })
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

  #answered(event: StoredEvent, seen: Seen): boolean {
    const name = lastOf(event.name)
    const put = name.startsWith(ANSWER) ? this.#asked.get(name.slice(ANSWER.length)) : undefined
    const value = put && bodyOf(event)['v']
    if (!put || typeof value !== 'object' || value === null) return false
    this.#say(put, value, seen)
    return true
  }

  #expired(question: string, value: unknown, seen: Seen): void {
    const put = this.#asked.get(question)
    const answer = typeof value === 'object' && value !== null && 'answer' in value ? value.answer : undefined
    if (!put) return
    if (typeof answer === 'object' && answer !== null) return this.#say(put, answer, seen)
    this.#asked.delete(question)
    this.said.push({ ...seenOf(seen), text: line(`Nobody answered in time: ${put.asks}`) })
  }

  #say({ question, asks }: Put, { value, by, reason, edits = [] }: Answer, seen: Seen): void {
    this.#asked.delete(question)
    const why = reason === undefined ? '' : ` (${reason})`
    const changed = edits.map(
      ({ path, was, is }) => `${path === '' ? 'all of it' : path} from ${shown(was, 80)} to ${shown(is, 80)}`,
    )
    const said = value === undefined ? '' : `: ${wordOf(value)}`
    const edited = changed.length === 0 ? '' : `; changed ${changed.join(', ')}`
    this.said.push({ ...seenOf(seen), text: line(`${asks} ${by ?? 'Somebody'} said${said}${why}${edited}`) })
  }
}

const seenOf = ({ label, stream, seq, at }: Seen): Seen => ({ label, stream, seq, at })
/** Of a path of branches. */
const lastOf = (path = ''): string => path.split(' › ').at(-1) ?? ''

/** Of an approval whether it was given; what it was about is in what was asked. */
function wordOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'approved' in value && 'digest' in value)
    return value.approved === true ? 'approved' : 'rejected'
  return shown(value, SHOWN)
}

function bodyOf({ body }: StoredEvent): Readonly<Record<string, unknown>> {
  return (decode(body) ?? {}) as Readonly<Record<string, unknown>> // of these kinds an object
}

function isPut(value: unknown): value is Put {
  return (
    typeof value === 'object' &&
    value !== null &&
    'question' in value &&
    'asks' in value &&
    typeof value.question === 'string'
  )
}
