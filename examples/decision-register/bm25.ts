/**
 * Plain BM25, to be measured against: all that is said of a document is one bag of words.
 *
 * Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with its usual k1 = 1.2 and b = 0.75, a list
 * of stop words, and endings cut off. Nothing of Throughline is in here.
 */
const K1 = 1.2
const B = 0.75

const STOP_WORDS = new Set(
  `a about all also an and any are as at be been but by can could do does for from has have how if in into is it its may more most
  no not of on one only or other should so some such than that the their them then there these they this those to use used using
  was we were what when which while who why will with would you`.split(/\s+/),
)

/** `deprecated`, `deprecates` and `deprecation` as one. */
const rooted = (word: string): string =>
  word
    .replace(/ies$/, 'y')
    .replace(/(?<=[^s])s$/, '')
    .replace(/(?<=\w{3})(?:ing|ed|ion|ment|able|ly|er|al|e|y)$/, '')

const wordsOf = (text: string): readonly string[] =>
  (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).filter((word) => !STOP_WORDS.has(word)).map(rooted)

interface Document<Id> {
  readonly id: Id
  readonly counts: ReadonlyMap<string, number>
  readonly length: number
}

export class PlainBm25<Id> {
  readonly #documents: readonly Document<Id>[]
  readonly #containing = new Map<string, number>()
  readonly #meanLength: number

  constructor(texts: Iterable<readonly [Id, string]>) {
    this.#documents = Array.from(texts, ([id, text]) => {
      const words = wordsOf(text)
      const counts = new Map<string, number>()
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
      for (const word of counts.keys()) this.#containing.set(word, (this.#containing.get(word) ?? 0) + 1)
      return { id, counts, length: words.length }
    })
    this.#meanLength = this.#documents.reduce((sum, { length }) => sum + length, 0) / this.#documents.length
  }

  /** All that share a word with the query, best first. */
  search(query: string): readonly Id[] {
    const words = wordsOf(query)
    return this.#documents
      .map((document) => ({ id: document.id, score: this.#score(document, words) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score)
      .map(({ id }) => id)
  }

  #score({ counts, length }: Document<Id>, words: readonly string[]): number {
    const long = 1 - B + (B * length) / this.#meanLength
    return words.reduce((sum, word) => {
      const count = counts.get(word) ?? 0
      const containing = this.#containing.get(word) ?? 0
      const rarity = Math.log(1 + (this.#documents.length - containing + 0.5) / (containing + 0.5))
      return sum + (rarity * count * (K1 + 1)) / (count + K1 * long)
    }, 0)
  }
}
