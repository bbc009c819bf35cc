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
import { hashed, Lexicon } from './lexicon.ts'
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

export class Words {
  readonly #known = new Lexicon<Word>()

  each(text: string, visit: Visit): void {
    const { rest, terms } = datesIn(text.length > MOST_READ ? text.slice(0, MOST_READ) : text)
    for (const term of terms) visit(this.#word(term))
    const names = hump.test(rest) ? (rest.match(glued) ?? []) : []
    for (const name of names)
      for (const part of name.match(humps) ?? []) visit(this.#word(part.toLowerCase()))
    if (!notAscii.test(rest)) {
      this.#plain(rest.toLowerCase(), visit)
      return
    }
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
    this.#known.clear()
  }

  /** The words of text without accents, in lower case. */
  #plain(text: string, visit: Visit): void {
    let [from, hash] = [-1, 0]
    for (let i = 0; i <= text.length; i++) {
      const code = i < text.length ? text.charCodeAt(i) : 0
      if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) {
        if (from < 0) [from, hash] = [i, 0]
        hash = hashed(hash, code)
      } else if (from >= 0) {
        visit(this.#wordAt(text, from, i, hash))
        from = -1
      }
    }
  }

  #word(written: string): Word {
    let hash = 0
    for (let i = 0; i < written.length; i++) hash = hashed(hash, written.charCodeAt(i))
    return this.#wordAt(written, 0, written.length, hash)
  }

  #wordAt(text: string, from: number, to: number, hash: number): Word {
    if (to - from > MOST_LETTERS) return this.#word(text.slice(from, from + MOST_LETTERS))
    const known = this.#known.find(text, from, to, hash)
    if (known) return known
    // Joined, a copy: a slice would keep the whole text in memory.
    const word = `${text[from] ?? ''}${text.slice(from + 1, to)}`
    const made = { term: stem(word), word, isStop: stopWords.has(word), number: undefined, row: undefined }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.add(made)
    return made
  }
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
