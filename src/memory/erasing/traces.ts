/**
 * What gives a record away that knows of an erased item.
 *
 * T1. Its id: whoever recalled it, was refused by it or was given a brief of it has the id on record.
 * T2. A text of it, word for word: long enough to be nobody else's, and said by no item that stays.
 * T3. What it is about, where that stands as a value by itself, or is what an operation of memory was asked.
 */
import { encode, type StoredEvent } from '../../log/index.ts'
import type { Item } from '../../task/index.ts'
import type { Asked } from './asked.ts'

/** Shorter ones are on everybody's lips. */
const LEAST_TEXT = 16

export class Traces {
  readonly #ids = new Set<string>()
  readonly #texts = new Set<string>()
  readonly #subject: string | undefined

  constructor({ of, name }: Pick<Asked, 'of' | 'name'>) {
    this.#subject = of === 'subject' ? name : undefined
  }

  get ids(): ReadonlySet<string> {
    return this.#ids
  }

  addItem({
    id,
    statement,
    because,
    value,
    alternatives,
    evidence,
    change,
  }: Partial<Item> & { id: string }): void {
    this.#ids.add(id)
    const said = [
      statement,
      because,
      change?.because,
      typeof value === 'string' ? value : undefined,
      ...(alternatives ?? []).flatMap((one) => [one.option, one.because, one.reopenIf]),
      ...(evidence ?? []).map(({ quote }) => quote),
    ]
    for (const text of said)
      if (text !== undefined && text.length >= LEAST_TEXT && /\s/.test(text)) this.#texts.add(inJson(text))
  }

  /** What an item that stays says as well is no trace. */
  allow(body: string): void {
    for (const text of this.#texts) if (body.includes(text)) this.#texts.delete(text)
  }

  /** Whether a run's event knows of it. */
  areIn({ name, body }: StoredEvent): boolean {
    const last = name?.split(' › ').at(-1) ?? ''
    if (this.#subject !== undefined && OF_MEMORY.some((call) => last === `${call} ${this.#subject}`))
      return true
    if (body === undefined) return false
    for (const id of this.#ids) if (body.includes(id)) return true
    for (const text of this.#texts) if (body.includes(text)) return true
    return (
      this.#subject !== undefined && /[^\p{L}]/u.test(this.#subject) && body.includes(encode(this.#subject))
    )
  }
}

const OF_MEMORY = ['decide', 'remember', 'recall']

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
