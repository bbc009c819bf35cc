/**
 * The terms of an index, by number and by name.
 *
 * A term that no document has any more is forgotten, its number given to the next new one: a vocabulary that kept it would tell of
 * texts that were erased.
 */
import { maybeSimilar, signatureOf, similarity } from './similar.ts'

export interface Similar {
  readonly term: string
  readonly number: number
  readonly similarity: number
}

export class Vocabulary {
  readonly #numbers = new Map<string, number>()
  readonly #terms: string[] = []
  readonly #free: number[] = []
  /** Four numbers a term: what similar.ts tells words apart by. */
  #signatures = new Uint32Array(4096)
  /** How many terms have theirs: they are made when first needed. */
  #signed = 0

  get size(): number {
    return this.#numbers.size
  }

  numberOf(term: string): number | undefined {
    return this.#numbers.get(term)
  }

  /** All terms, by number. */
  list(): readonly { readonly term: string; readonly number: number }[] {
    return this.#terms.flatMap((term, number) => (term === '' ? [] : [{ term, number }]))
  }

  /** The term's number, a new one if need be. */
  take(term: string): number {
    const known = this.#numbers.get(term)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#terms.length
    this.#numbers.set(term, number)
    this.#terms[number] = term
    if (number < this.#signed) this.#sign(number, term)
    return number
  }

  forget(number: number): void {
    this.#numbers.delete(this.#terms[number] ?? '')
    this.#terms[number] = ''
    this.#signatures.fill(0, number * 4, number * 4 + 4)
    this.#free.push(number)
  }

  /** The terms most like a word, best first, at most `limit`; the word itself is not among them. */
  similarTo(word: string, limit: number): readonly Similar[] {
    for (; this.#signed < this.#terms.length; this.#signed++)
      this.#sign(this.#signed, this.#terms[this.#signed] ?? '')
    const wanted = signatureOf(word)
    const of = this.#signatures
    const found: Similar[] = []
    for (let number = 0, at = 0; number < this.#terms.length; number++, at += 4) {
      if (!maybeSimilar(wanted, of[at] ?? 0, of[at + 1] ?? 0, of[at + 2] ?? 0, of[at + 3] ?? 0)) continue
      const term = this.#terms[number] ?? ''
      const alike = term === word ? 0 : similarity(word, term)
      if (alike > 0 && !/\d/.test(term)) found.push({ term, number, similarity: alike })
    }
    return found.toSorted((a, b) => b.similarity - a.similarity || (a.term < b.term ? -1 : 1)).slice(0, limit)
  }

  #sign(number: number, term: string): void {
    const at = number * 4
    if (at >= this.#signatures.length) {
      const grown = new Uint32Array(this.#signatures.length * 2)
      grown.set(this.#signatures)
      this.#signatures = grown
    }
    const { letters, low, high, length } = signatureOf(term)
    this.#signatures[at] = letters
    this.#signatures[at + 1] = low
    this.#signatures[at + 2] = high
    this.#signatures[at + 3] = length
  }
}
