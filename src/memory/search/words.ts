/**
 * Text to terms.
 *
 * W1. The same text gives the same terms on every machine: no locale, no time zone, no dictionary.
 * W2. Any string gives an answer in time linear in what is read of it: a field is read up to MOST_READ characters, a word up to
 *     MOST_LETTERS; an item is a statement, not a document.
 * W3. What was seen is forgotten on `forget`: the cache of stems would otherwise keep words of texts that were erased.
 *
 * Latin, Greek, Cyrillic, Arabic … are cut at what is no letter; scripts that do not put spaces between words (Chinese, Japanese,
 * Thai …) and Korean, which glues endings on, into pairs of neighbouring characters; an emoji is a word. Accents of Latin letters are
 * dropped, names written together (TaskGroup) are found by their parts too.
 */
import { datesIn, termsOf } from './dates.ts'
import { stem } from './stem.ts'
import { stopWords } from './stop-words.ts'

/** A word of a text. */
export interface Word {
  /** What the index knows it as. */
  readonly term: string
  /** What was written, in lower case. */
  readonly word: string
  readonly isStop: boolean
  /** The term's number, once somebody looked it up: until `forget`, the next mention need not. */
  number: number | undefined
  /** Its row in the table of vectors, -1 if it has none; once somebody looked it up. */
  row: number | undefined
}

export type Visit = (word: Word) => void

const MOST_READ = 100_000
const MOST_LETTERS = 48
const MOST_KNOWN = 100_000

const unicode = /[\p{L}\p{M}\p{N}]+|\p{Extended_Pictographic}/gu
const notAscii = /[^\0-\x7f]/
const unspaced =
  /([\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]+)/u
const hump = /[a-z0-9][A-Z]/
const glued = /[A-Za-z]*[a-z0-9][A-Z][A-Za-z]*/g
const humps = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g

/** Slots at first; four times as many whenever half of them are taken. */
const FIRST_SLOTS = 1 << 12

/**
 * Words by their letters, looked up where they stand in a text: a Map would need each mention cut out and hashed as a string of its own,
 * which was half of the time that indexing took.
 */
export class Words {
  #known: Word[] = []
  /** Two to a slot, beside each other in the processor's cache: number in `#known` + 1 (0: empty), and the hash, compared before letters are. */
  #slots = new Int32Array(2 * FIRST_SLOTS)

  each(text: string, visit: Visit): void {
    const { rest, terms } = datesIn(text.length > MOST_READ ? text.slice(0, MOST_READ) : text)
    for (const term of terms) visit(this.#word(term))
    const names = hump.test(rest) ? (rest.match(glued) ?? []) : []
    for (const name of names)
      for (const part of name.match(humps) ?? []) visit(this.#word(part.toLowerCase()))
    if (!notAscii.test(rest)) return this.#eachPlain(rest.toLowerCase(), visit)
    for (const run of rest.normalize('NFKC').toLowerCase().match(unicode) ?? []) {
      if (!notAscii.test(run)) visit(this.#word(run))
      else
        for (const piece of run.split(unspaced))
          if (unspaced.test(piece)) for (const pair of pairsIn(piece)) visit(this.#word(pair))
          else if (piece !== '') visit(this.#word(withoutAccents(piece)))
    }
  }

  /** The words that stand for a date. */
  eachOf(atMs: number, visit: Visit): void {
    for (const term of termsOf(atMs)) visit(this.#word(term))
  }

  forget(): void {
    this.#known = []
    this.#slots = new Int32Array(2 * FIRST_SLOTS)
  }

  /** Of a text in lower case, all ASCII. */
  #eachPlain(text: string, visit: Visit): void {
    let start = -1
    for (let at = 0; at <= text.length; at++) {
      const code = at < text.length ? text.charCodeAt(at) : 0
      const isPart = (code >= 97 && code <= 122) || (code >= 48 && code <= 57)
      if (isPart) {
        if (start < 0) start = at
      } else if (start >= 0) {
        visit(this.#at(text, start, at))
        start = -1
      }
    }
  }

  #word(written: string): Word {
    return this.#at(written, 0, written.length)
  }

  /** The word that stands there. */
  #at(text: string, from: number, end: number): Word {
    const to = Math.min(end, from + MOST_LETTERS)
    const hash = hashOf(text, from, to)
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let slot = hash & mask
    for (; ; slot = (slot + 1) & mask) {
      const number = slots[2 * slot] ?? 0
      if (number === 0) break
      if (slots[2 * slot + 1] !== hash) continue
      const word = this.#known[number - 1]
      if (word && isAt(word.word, text, from, to)) return word
    }
    if (this.#known.length >= MOST_KNOWN) {
      this.forget()
      return this.#at(text, from, end)
    }
    const word = text.slice(from, to)
    const made = { term: stem(word), word, isStop: stopWords.has(word), number: undefined, row: undefined }
    slots[2 * slot] = this.#known.push(made)
    slots[2 * slot + 1] = hash
    if (this.#known.length * 2 > mask) this.#spread()
    return made
  }

  #spread(): void {
    const slots = new Int32Array(this.#slots.length * 4)
    const mask = slots.length / 2 - 1
    for (const [i, { word }] of this.#known.entries()) {
      const hash = hashOf(word, 0, word.length)
      let slot = hash & mask
      while (slots[2 * slot] !== 0) slot = (slot + 1) & mask
      slots[2 * slot] = i + 1
      slots[2 * slot + 1] = hash
    }
    this.#slots = slots
  }
}

/** FNV-1a, over UTF-16 code units. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}

function isAt(word: string, text: string, from: number, to: number): boolean {
  if (word.length !== to - from) return false
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== text.charCodeAt(from + i)) return false
  return true
}

/** Neighbouring characters, two by two; a character that stands alone is a term by itself. */
function pairsIn(run: string): readonly string[] {
  const characters = run.match(/./gsu) ?? []
  return characters.length === 1
    ? characters
    : characters.slice(1).map((character, i) => `${characters[i]}${character}`)
}

/** Of Latin letters only: in other scripts a mark can be the difference between two words. */
function withoutAccents(word: string): string {
  return word
    .normalize('NFD')
    .replace(/([a-z])\p{Mn}+/gu, '$1')
    .normalize('NFC')
}
