/**
 * Words that were seen, found by their letters where they stand in a text.
 *
 * A map by strings would have every word cut out and hashed anew at each mention: that was a third of the time an index took to make.
 */
export interface Written {
  readonly word: string
}

const FIRST_ROOM = 1 << 14

/** A step of the hash of a word, letter by letter; begins with 0. */
export const hashed = (hash: number, code: number): number => (Math.imul(hash, 31) + code) | 0

export class Lexicon<Word extends Written> {
  #words: (Word | undefined)[] = []
  #hashes = new Int32Array(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The word that stands in a text between two places, whose hash is this. */
  find(text: string, from: number, to: number, hash: number): Word | undefined {
    const last = this.#words.length - 1
    for (let at = slotOf(hash) & last; last > 0; at = (at + 1) & last) {
      const known = this.#words[at]
      if (known === undefined) return undefined
      if (this.#hashes[at] === hash && standsAt(text, from, to, known.word)) return known
    }
    return undefined
  }

  /** One that is not in it. */
  add(word: Word): void {
    if (2 * this.#size >= this.#words.length) this.#grow()
    let hash = 0
    for (let i = 0; i < word.word.length; i++) hash = hashed(hash, word.word.charCodeAt(i))
    this.#put(word, hash)
    this.#size++
  }

  clear(): void {
    this.#words = []
    this.#hashes = new Int32Array(0)
    this.#size = 0
  }

  #put(word: Word, hash: number): void {
    const last = this.#words.length - 1
    let at = slotOf(hash) & last
    while (this.#words[at] !== undefined) at = (at + 1) & last
    this.#words[at] = word
    this.#hashes[at] = hash
  }

  #grow(): void {
    const [words, hashes] = [this.#words, this.#hashes]
    const room = Math.max(FIRST_ROOM, 2 * words.length)
    this.#words = Array.from({ length: room }, () => undefined)
    this.#hashes = new Int32Array(room)
    for (const [i, word] of words.entries()) if (word) this.#put(word, hashes[i] ?? 0)
  }
}

const slotOf = (hash: number): number => hash ^ (hash >>> 15)

function standsAt(text: string, from: number, to: number, word: string): boolean {
  if (word.length !== to - from) return false
  for (let i = from; i < to; i++) if (text.charCodeAt(i) !== word.charCodeAt(i - from)) return false
  return true
}
