/**
 * The index of recall: texts in, ranked ids out. It knows nothing of stores, logs or runs.
 *
 * S1. Results depend on the documents that are in it, not on the order they came in, on what has been removed, or on the machine.
 * S2. After `remove(id)` nothing of the text is left: not in postings, vocabulary, caches or a later snapshot.
 * S3. A word of the query that stands in a document counts for it. Nothing vetoes.
 * S4. Every hit says why.
 *
 * Postings are 32-bit numbers (profile.ts) in one array (lists.ts), read in full for each term: at 100,000 items that takes a tenth
 * of what is allowed, and needs no skipping, blocks or compression.
 */
import { Best, type Ranked } from './best.ts'
import { dampingOf, idf, ROUNDED_BY, rounded, type Corpus } from './bm25.ts'
import { FIELDS, type Doc, type Field, type Hit, type Why } from './doc.ts'
import { Lists } from './lists.ts'
import { docOf, fieldsOf, MOST_DOCS, posting, profileOf, weightOf, weights, withMention } from './profile.ts'
import { wantedBy, type Wanted } from './query.ts'
import { packed, unpacked } from './snapshot.ts'
import { Vocabulary } from './vocabulary.ts'
import { Words, type Word } from './words.ts'

export interface SearchOptions {
  /** How many at most; 10 unless told. */
  readonly limit?: number
  /** Filters before ranking: what it refuses takes no place. */
  readonly allowed?: (id: string, doc: number) => boolean
}

/** The documents that have the words of a query, best first; `whyOf` says of each of them, and of no other, which. */
export interface Ranking {
  readonly ranked: readonly Ranked[]
  readonly whyOf: (doc: number) => readonly Why[]
}

export class SearchIndex {
  readonly #words: Words
  #vocabulary = new Vocabulary()
  /** Of each term, where it stands. */
  #postings = new Lists(1024, 16_384)
  /** Of each document, its terms; made when first needed after a snapshot was read. */
  #terms: Lists | undefined = new Lists(1024, 16_384)
  readonly #ids: (string | undefined)[] = []
  /** By id; made when first needed after a snapshot was read. */
  #numbers: Map<string, number> | undefined = new Map()
  readonly #free: number[] = []
  #lengths = new Uint32Array(1024)
  #totalLength = 0
  /** Room for one search: scores by document, and the documents that have one. Empty between searches. */
  #scores = new Float64Array(1024)
  #touched = new Uint32Array(1024)
  readonly #weights = weights()
  /** Of each term, its profile in the document that is being put in. Zero between documents. */
  #profiles = new Uint16Array(1024)

  /** `words`: shared with whoever reads the same texts. */
  constructor(words = new Words()) {
    this.#words = words
  }

  /** The index a snapshot was made of. @throws {SnapshotRefused} it is damaged, or of another version: rebuild */
  static from(bytes: Uint8Array, words = new Words()): SearchIndex {
    const parts = unpacked(bytes)
    const index = new SearchIndex(words)
    for (const id of parts.ids) index.#ids.push(id)
    for (const length of parts.lengths) index.#totalLength += length
    index.#numbers = undefined
    for (const term of parts.terms) index.#vocabulary.take(term)
    index.#lengths = parts.lengths
    index.#scores = new Float64Array(parts.lengths.length)
    index.#touched = new Uint32Array(parts.lengths.length)
    index.#postings = Lists.of(parts.counts, parts.postings)
    index.#terms = undefined
    return index
  }

  get size(): number {
    return this.#ids.length - this.#free.length
  }

  /** Adds a document; one of the same id is replaced. Its number, which is its own until it is removed. `heard` is told its words. */
  put(doc: Doc, heard?: (word: Word, field: Field) => void): number {
    if (!doc.id.isWellFormed()) throw new RangeError(`An item's id has half of a character: "${doc.id}".`)
    this.remove(doc.id)
    const number = this.#free.pop() ?? this.#ids.length
    if (number >= MOST_DOCS)
      throw new RangeError(`An index holds ${MOST_DOCS} documents; "${doc.id}" is one too many.`)
    if (number >= this.#lengths.length) this.#grow()
    this.#ids[number] = doc.id
    this.#byId().set(doc.id, number)
    const terms: number[] = []
    let length = 0
    for (const field of FIELDS) {
      const mention = (word: Word) => {
        if (word.isStop && field !== 'subject') return
        heard?.(word, field)
        word.number ??= this.#take(word.term)
        const profile = this.#profiles[word.number] ?? 0
        if (profile === 0) terms.push(word.number)
        this.#profiles[word.number] = withMention(profile, field)
        length += weightOf(field)
      }
      if (field !== 'date') this.#words.each(doc[field] ?? '', mention)
      else if (doc.at !== undefined) this.#words.eachOf(doc.at, mention)
    }
    for (const term of terms) {
      this.#postings.add(term, posting(number, this.#profiles[term] ?? 0))
      this.#profiles[term] = 0
    }
    this.#forward().fill(number, Uint32Array.from(terms).sort())
    this.#lengths[number] = length
    this.#totalLength += length
    return number
  }

  numberOf(id: string): number | undefined {
    return this.#byId().get(id)
  }

  idOf(doc: number): string | undefined {
    return this.#ids[doc]
  }

  /** The numbers of the documents, in the order in which a snapshot has them: there they are counted from nought. */
  numbers(): readonly number[] {
    return this.#ids.flatMap((id, doc) => (id === undefined ? [] : [doc]))
  }

  /** Erases a document; false if there is none of this id. */
  remove(id: string): boolean {
    const number = this.#byId().get(id)
    if (number === undefined) return false
    const forward = this.#forward()
    for (const term of forward.of(number)) {
      this.#postings.remove(term, posting(number, 0), posting(number, 1023))
      if (this.#postings.lengthOf(term) === 0) this.#vocabulary.forget(term)
    }
    forward.clear(number)
    this.#totalLength -= this.#lengths[number] ?? 0
    this.#lengths[number] = 0
    this.#ids[number] = undefined
    this.#byId().delete(id)
    this.#free.push(number)
    this.#words.forget()
    return true
  }

  /** The documents that answer a query best, best first. */
  search(query: string, options: SearchOptions = {}): readonly Hit[] {
    const { ranked, whyOf } = this.rank(query, options)
    return ranked.map(({ doc, id, score }) => ({ id, score, why: { terms: whyOf(doc) } }))
  }

  rank(query: string, options: SearchOptions = {}): Ranking {
    const countOf = (term: number) => this.#postings.lengthOf(term)
    const wanted = wantedBy(query, { words: this.#words, vocabulary: this.#vocabulary, countOf })
    const best = new Best(Math.max(0, options.limit ?? 10))
    const touched = this.#score(wanted)
    try {
      for (let i = 0; i < touched; i++) {
        const doc = this.#touched[i] ?? 0
        const exact = this.#scores[doc] ?? 0
        if (exact + ROUNDED_BY < best.least) continue
        const one = { doc, id: this.#ids[doc] ?? '', score: rounded(exact) }
        // Asked last, of the few that would get in: it may be dear.
        if (best.admits(one) && (options.allowed?.(one.id, doc) ?? true)) best.add(one)
      }
    } finally {
      for (let i = 0; i < touched; i++) this.#scores[this.#touched[i] ?? 0] = 0
    }
    return { ranked: best.inOrder(), whyOf: (doc) => this.#why(doc, wanted) }
  }

  /** Everything that is in it, and nothing that was: for `from`. */
  snapshot(): Uint8Array {
    const renumbered = new Uint32Array(this.#ids.length)
    const docs = this.#ids.flatMap((id, doc) => (id === undefined ? [] : [{ id, doc }]))
    for (const [next, { doc }] of docs.entries()) renumbered[doc] = next
    const terms = this.#vocabulary.list()
    const counts = Uint32Array.from(terms, ({ number }) => this.#postings.lengthOf(number))
    const postings = new Uint32Array(counts.reduce((sum, count) => sum + count, 0))
    let at = 0
    for (const { number } of terms)
      for (const word of this.#postings.of(number))
        postings[at++] = posting(renumbered[docOf(word)] ?? 0, profileOf(word))
    return packed({
      ids: docs.map(({ id }) => id),
      lengths: Uint32Array.from(docs, ({ doc }) => this.#lengths[doc] ?? 0),
      terms: terms.map(({ term }) => term),
      counts,
      postings,
    })
  }

  /** Adds up the scores of all documents that have one of the terms; says how many, and notes which. */
  #score(wanted: readonly Wanted[]): number {
    const corpus: Corpus = { docs: this.size, length: this.#totalLength }
    const { base, slope } = dampingOf(corpus)
    const [scores, lengths, weight] = [this.#scores, this.#lengths, this.#weights]
    const noted = this.#touched
    let touched = 0
    for (const { lookups, weight: asked } of wanted) {
      const all = lookups.reduce((sum, { number }) => sum + this.#postings.lengthOf(number), 0)
      const says = idf(corpus, Math.min(all, corpus.docs))
      for (const lookup of lookups) {
        const factor = says * asked * lookup.weight
        const { words } = this.#postings
        const start = this.#postings.startOf(lookup.number)
        const end = start + this.#postings.lengthOf(lookup.number)
        for (let i = start; i < end; i++) {
          const word = words[i] ?? 0
          const doc = docOf(word)
          const mentions = weight[profileOf(word)] ?? 0
          const before = scores[doc] ?? 0
          if (before === 0) noted[touched++] = doc
          scores[doc] = before + (factor * mentions) / (mentions + base + slope * (lengths[doc] ?? 0))
        }
      }
    }
    return touched
  }

  #why(doc: number, wanted: readonly Wanted[]): readonly Why[] {
    return wanted.flatMap(({ word, lookups, term: asked }) =>
      lookups.flatMap(({ number, term }): readonly Why[] => {
        const found = this.#postings.find(number, posting(doc, 0), posting(doc, 1023))
        if (found === undefined) return []
        const fields = fieldsOf(profileOf(found))
        return fields.map((field) => (term === asked ? { term: word, field } : { term, field, from: word }))
      }),
    )
  }

  #byId(): Map<string, number> {
    this.#numbers ??= new Map(this.#ids.flatMap((id, doc) => (id === undefined ? [] : [[id, doc]])))
    return this.#numbers
  }

  #forward(): Lists {
    if (this.#terms) return this.#terms
    const counts = new Uint32Array(this.#ids.length)
    const terms = this.#vocabulary.list()
    for (const { number } of terms)
      for (const word of this.#postings.of(number)) counts[docOf(word)] = (counts[docOf(word)] ?? 0) + 1
    const ends = new Uint32Array(counts.length)
    for (let doc = 1; doc < ends.length; doc++) ends[doc] = (ends[doc - 1] ?? 0) + (counts[doc - 1] ?? 0)
    const words = new Uint32Array(counts.reduce((sum, count) => sum + count, 0))
    for (const { number } of terms)
      for (const word of this.#postings.of(number)) {
        const end = ends[docOf(word)] ?? 0
        words[end] = number
        ends[docOf(word)] = end + 1
      }
    this.#terms = Lists.of(counts, words)
    return this.#terms
  }

  #take(term: string): number {
    const number = this.#vocabulary.take(term)
    if (number >= this.#profiles.length) {
      const profiles = this.#profiles
      this.#profiles = new Uint16Array(number * 2)
      this.#profiles.set(profiles)
    }
    return number
  }

  #grow(): void {
    const lengths = this.#lengths
    this.#lengths = new Uint32Array(Math.max(1024, lengths.length + (lengths.length >>> 1)))
    this.#lengths.set(lengths)
    this.#scores = new Float64Array(this.#lengths.length)
    this.#touched = new Uint32Array(this.#lengths.length)
  }
}
