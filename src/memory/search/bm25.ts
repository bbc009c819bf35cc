/**
 * BM25F in its simple form (Robertson, Zaragoza, Taylor: "Simple BM25 extension to multiple weighted fields", CIKM 2004): mentions are
 * added up over the fields by weight before they saturate, so a term in two fields does not count as two terms.
 *
 *   score = Σ idf · w / (w + k1 · (1 − b + b · length / average length)),   idf = ln(1 + (N − n + ½) / (n + ½))
 *
 * B1. Two machines get the same score. Additions, products and quotients are exact by IEEE 754 if made in the same order, so terms are
 *     added in the order of their names; only the logarithm is left to the engine, and is rounded.
 * B2. Ranks are decided by the score rounded to a millionth, then by id.
 */
const K1 = 1.2
const B = 0.75
/** How soon saying a word again in the query stops to matter. */
const K3 = 4

export interface Corpus {
  readonly docs: number
  /** The sum of all lengths. */
  readonly length: number
}

/** How much a term says that `n` of the documents have. */
export function idf(corpus: Corpus, n: number): number {
  const says = Math.log(1 + (corpus.docs - n + 0.5) / (n + 0.5))
  return Math.max(1, Math.round(says * 65_536)) / 65_536 // never nothing: a document that has the term is found by it
}

/** `k1 · (1 − b + b · length / average)` as `base + slope · length`. */
export function dampingOf(corpus: Corpus): { readonly base: number; readonly slope: number } {
  return { base: K1 * (1 - B), slope: corpus.length === 0 ? 0 : (K1 * B * corpus.docs) / corpus.length }
}

/** The weight of a term that the query has so many times. */
export function askedWeight(times: number): number {
  return ((K3 + 1) * times) / (K3 + times)
}

/** The most that rounding changes. */
export const ROUNDED_BY = 0.000_001

export function rounded(score: number): number {
  return Math.round(score * 1_000_000) / 1_000_000
}
