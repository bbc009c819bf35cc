/**
 * Ids of tool calls that tell which model call asked. Providers count `call_0` anew with every turn.
 *
 * The mark is added to what the SDK is given, and taken off again before anything is recorded or sent: the provider sees its own ids.
 * It depends on the operation and the id alone, so that a stream and its replay give the same; an id that an answer has twice is counted.
 */
import { hash } from 'node:crypto'

const MARK = /_tl[0-9a-z]{8}$/

export class CallIds {
  readonly #operation: string
  readonly #times = new Map<string, number>()
  readonly #open = new Set<string>()

  constructor(operation: string) {
    this.#operation = operation
  }

  /** Of a call whose arguments begin to arrive. */
  begins(id: string): string {
    this.#open.add(id)
    return this.#next(id)
  }

  /** Of a call that is whole: the one that began, or a new one. */
  called(id: string): string {
    return this.#open.delete(id) ? this.of(id) : this.#next(id)
  }

  /** Of the call last begun under the id. */
  of(id: string): string {
    return this.#marked(id, this.#times.get(id) ?? 1)
  }

  #next(id: string): string {
    const time = (this.#times.get(id) ?? 0) + 1
    this.#times.set(id, time)
    return this.#marked(id, time)
  }

  #marked(id: string, time: number): string {
    const number = BigInt(`0x${hash('sha256', `${this.#operation}\0${id}\0${time}`, 'hex').slice(0, 16)}`)
    return `${id}_tl${number.toString(36).slice(-8).padStart(8, '0')}`
  }
}

export const unmarked = (id: string): string => id.replace(MARK, '')
