/**
 * Going round: the same call in the same state again, two calls taking turns, the same answer over and over.
 *
 * L1. A call is its tool, its arguments and the state it is made in: a question put again after something changed is no loop.
 * L2. Arguments are equal when their values are, whatever the order of their keys.
 * L3. What was seen stays seen: the same calls in the same order say the same, in every life of a run.
 *
 * Pure. How far back is looked is bounded, and so is what is kept.
 */
import { hash } from 'node:crypto'
import { encode } from '../log/index.ts'
import type { Failure } from './modes.ts'

interface LoopLimits {
  /** So often the same call in the same state is a loop; 3 unless told. */
  readonly repeats?: number
  /** So many rounds of two calls that take turns are one; 2 unless told. */
  readonly rounds?: number
  /** So often the same answer in a row is one; 3 unless told. */
  readonly answers?: number
}

/** How many calls back a repetition is one. */
const WINDOW = 64

export class Loops {
  readonly #limits: Required<LoopLimits>
  readonly #calls: string[] = []
  #answer: string | undefined
  #answers = 0

  constructor(limits: LoopLimits = {}) {
    this.#limits = { repeats: 3, rounds: 2, answers: 3, ...limits }
  }

  /** A call that is about to be made. `state` is whatever it depends on besides: the digest of the last result, say. */
  seen(tool: string, args: unknown, state?: unknown): Failure | undefined {
    const key = digest([tool, args, state])
    this.#calls.push(key)
    if (this.#calls.length > WINDOW) this.#calls.shift()
    const times = this.#calls.filter((call) => call === key).length
    if (times >= this.#limits.repeats)
      return repetition(tool, `${tool} was called ${times} times with the same arguments in the same state`)
    return this.#takesTurns()
      ? repetition(
          tool,
          `${tool} and another call took turns ${this.#limits.rounds} times with nothing changed`,
        )
      : undefined
  }

  /** An answer that was given: its text, and what it asks for. */
  answered(answer: unknown): Failure | undefined {
    const key = digest(typeof answer === 'string' ? answer.replaceAll(/\s+/g, ' ').trim() : answer)
    this.#answers = key === this.#answer ? this.#answers + 1 : 1
    this.#answer = key
    return this.#answers >= this.#limits.answers
      ? repetition(undefined, `the same answer was given ${this.#answers} times in a row`)
      : undefined
  }

  #takesTurns(): boolean {
    const turns = this.#calls.slice(-2 * this.#limits.rounds)
    const [first, second] = turns
    return (
      turns.length === 2 * this.#limits.rounds &&
      first !== second &&
      turns.every((call, i) => call === (i % 2 === 0 ? first : second))
    )
  }
}

function repetition(tool: string | undefined, message: string): Failure {
  return {
    mode: 'repetition',
    isTransient: false,
    evidence: { name: 'Repetition', message, ...(tool === undefined ? {} : { tool }) },
  }
}

const digest = (value: unknown): string => hash('sha256', encode(sorted(value, new Set())), 'base64url')

/** With the keys of plain objects in order; what cannot be compared is itself only. */
function sorted(value: unknown, above: ReadonlySet<object>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.has(value)) return '(itself)'
  const within = new Set([...above, value])
  if (Array.isArray(value)) return value.map((inner) => sorted(inner, within))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner, within)])
}
