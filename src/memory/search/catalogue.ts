/**
 * All of what recall needs to answer: words, vectors and labels of every item, under one number each.
 *
 * C1. What was put in, or taken out, is so in all three, and in the next snapshot.
 * C2. A question of more than MOST_MEANT words says enough by its words: a sum of so many vectors means everything a little, and lowered
 *     what whole documents found.
 */
import type { Doc, Hit } from './doc.ts'
import { fused } from './fusion.ts'
import { Labels, type Filter, type Label } from './labels.ts'
import { SCALE, type Meaning } from './meaning.ts'
import { SearchIndex } from './search-index.ts'
import { Vectors } from './vectors.ts'
import { Words } from './words.ts'

/** A document, what it is filtered by, and what it means, where somebody else than the table says so. */
export interface Entry {
  readonly doc: Doc
  readonly label: Label
  readonly vector?: Int8Array
}

export interface CatalogueQuery {
  readonly text: string
  readonly filter: Filter
  readonly limit: number
  /** What the text means, where somebody else than the table says so. */
  readonly vector?: Int8Array
}

/** Where vectors come from: the table that comes with the package, or somebody else, who is named. */
export type Sense = Meaning | { readonly name: string }

export interface Parts {
  readonly index: Uint8Array
  readonly names: readonly string[]
  readonly labels: Uint32Array
  readonly vectors: Int8Array
}

const MOST_MEANT = 32
/** From what cosine on two texts are near: sums of words' vectors point nowhere in particular more often than those of a model. */
const NEAR = { table: 0.5, model: 0.25 }
/** By how many hits by words the fusion goes. */
const DEPTH = 100

export class Catalogue {
  readonly sense: Sense
  readonly #words = new Words()
  #index = new SearchIndex(this.#words)
  #labels = new Labels()
  /** Made for as many dimensions as the first vector has; others are left out. */
  #vectors: Vectors | undefined

  constructor(sense: Sense) {
    this.sense = sense
  }

  /** @throws {SnapshotRefused} */
  static from(sense: Sense, parts: Parts): Catalogue {
    const catalogue = new Catalogue(sense)
    catalogue.#index = SearchIndex.from(parts.index, catalogue.#words)
    catalogue.#labels = Labels.of(parts.names, parts.labels)
    const dimensions = catalogue.size === 0 ? 0 : parts.vectors.length / catalogue.size
    if (dimensions > 0) catalogue.#vectors = Vectors.of(dimensions, parts.vectors)
    return catalogue
  }

  get size(): number {
    return this.#index.size
  }

  put({ doc, label, vector }: Entry): void {
    this.remove(doc.id)
    const table = this.#table
    const number = this.#index.put(doc, (word, field) => {
      if (field === 'statement') table?.add(word)
    })
    this.#labels.put(number, label)
    const meant = vector ?? table?.take()
    if (meant) this.#mean(number, meant)
  }

  /** What a document means, told later; nothing happens if it has another version by now. */
  means(id: string, version: number, vector: Int8Array): void {
    const number = this.#index.numberOf(id)
    if (number !== undefined && this.#labels.versionOf(number) === version) this.#mean(number, vector)
  }

  /** Those that have no vector. */
  meaningless(): readonly { readonly id: string; readonly version: number }[] {
    return this.#index.numbers().flatMap((doc) => {
      const id = this.#index.idOf(doc)
      const has = this.#vectors?.at(doc).some((value) => value !== 0) ?? false
      return id === undefined || has ? [] : [{ id, version: this.#labels.versionOf(doc) }]
    })
  }

  /** False if there is none of this id. */
  remove(id: string): boolean {
    const number = this.#index.numberOf(id)
    if (number === undefined) return false
    this.#vectors?.remove(number)
    this.#labels.remove(number)
    return this.#index.remove(id)
  }

  /** Best first, each by its id and version, with why. */
  search({ text, filter, limit, vector }: CatalogueQuery): readonly (Hit & { readonly version: number })[] {
    const fits = this.#labels.test(filter)
    const allowed = (_id: string, doc: number) => fits(doc)
    const { ranked, whyOf } = this.#index.rank(text, { limit: Math.max(limit, DEPTH), allowed })
    const meant = vector ?? this.#table?.of(text, this.#words, MOST_MEANT)
    const idOf = (doc: number) => this.#index.idOf(doc)
    const least = Math.round((this.#table ? NEAR.table : NEAR.model) * SCALE ** 2)
    const isComparable = meant !== undefined && meant.length === this.#vectors?.dimensions
    const near = isComparable
      ? (this.#vectors?.nearest(meant, { limit: Math.max(limit, 10), least, idOf, allowed }) ?? [])
      : []
    const nearness = new Map(
      near.map(({ doc, score }) => [doc, Math.round((100 * score) / SCALE ** 2) / 100]),
    )
    return fused(ranked, near, limit).map(({ doc, id, score }) => {
      const close = nearness.get(doc)
      const meaning =
        close === undefined ? [] : [{ term: shown(text), field: 'statement', near: close } as const]
      return { id, version: this.#labels.versionOf(doc), score, why: { terms: [...whyOf(doc), ...meaning] } }
    })
  }

  parts(): Parts {
    const docs = this.#index.numbers()
    const { names, numbers } = this.#labels.packed(docs)
    const dimensions = this.#vectors?.dimensions ?? 0
    const vectors = new Int8Array(docs.length * dimensions)
    for (const [i, doc] of docs.entries())
      if (this.#vectors) vectors.set(this.#vectors.at(doc), i * dimensions)
    return { index: this.#index.snapshot(), names, labels: numbers, vectors }
  }

  #mean(doc: number, vector: Int8Array): void {
    this.#vectors ??= new Vectors(vector.length)
    if (vector.length === this.#vectors.dimensions) this.#vectors.put(doc, vector)
  }

  get #table(): Meaning | undefined {
    return 'take' in this.sense ? this.sense : undefined
  }
}

const shown = (text: string): string => text.slice(0, 80).toWellFormed()
