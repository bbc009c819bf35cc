/**
 * How often a term stands in each field of one document, in ten bits.
 *
 * A posting is one 32-bit number: 22 bits for the document, 10 for the profile. Counts stop at the most their bits hold; BM25 gives
 * almost nothing for the eighth mention, and a statement that repeats a word for its rank gains nothing by it.
 *
 * The weights: what an item is about counts most, then what it says, then why. Measured on the decision register
 * (docs/decisions/0025-recall-ranking.md).
 */
import { FIELDS, type Field } from './doc.ts'

export const MOST_DOCS = 2 ** 22
const BITS = 10

interface Shape {
  readonly shift: number
  readonly most: number
  readonly weight: number
}

const shapes: Readonly<Record<Field, Shape>> = {
  subject: { shift: 0, most: 3, weight: 6 },
  statement: { shift: 2, most: 7, weight: 1 },
  because: { shift: 5, most: 3, weight: 1 },
  more: { shift: 7, most: 3, weight: 1 },
  date: { shift: 9, most: 1, weight: 2 },
}

/** The profile with one more mention in `field`. */
export function withMention(profile: number, field: Field): number {
  const { shift, most } = shapes[field]
  return ((profile >>> shift) & most) === most ? profile : profile + (1 << shift)
}

/** The fields a profile has mentions in. */
export function fieldsOf(profile: number): readonly Field[] {
  return FIELDS.filter((field) => ((profile >>> shapes[field].shift) & shapes[field].most) > 0)
}

/** What a field's words add to the length of their document. */
export function weightOf(field: Field): number {
  return shapes[field].weight
}

/** Mentions, each by the weight of its field: one entry for each profile. */
export function weights(): Float64Array {
  return Float64Array.from({ length: 1 << BITS }, (_, profile) =>
    FIELDS.reduce((sum, field) => {
      const { shift, most, weight } = shapes[field]
      return sum + weight * ((profile >>> shift) & most)
    }, 0),
  )
}

export function posting(doc: number, profile: number): number {
  return ((doc << BITS) | profile) >>> 0
}

export function docOf(word: number): number {
  return word >>> BITS
}

export function profileOf(word: number): number {
  return word & ((1 << BITS) - 1)
}
