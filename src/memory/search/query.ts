/**
 * A question as terms to look up.
 *
 * Q1. A term the index knows is always asked for, as it is, with its full weight. What is expanded comes beside it, never instead.
 * Q2. Words the index does not know are expanded over its vocabulary: what looks alike counts less the less alike it is. So are words
 *     with letters beyond a–z that it does know, for stemming is English: other languages' endings are met here.
 * Q3. The alternatives of one word share one idf, that of all of them together: a rare misspelling is not a rare word.
 * Q4. Cost is bounded: MOST_TERMS of a query are looked up, the rarest first, MOST_EXPANDED of its words are expanded.
 */
import { askedWeight } from './bm25.ts'
import type { Vocabulary } from './vocabulary.ts'
import type { Words } from './words.ts'

/** One term to look up for a word of the query. */
interface Lookup {
  readonly term: string
  readonly number: number
  /** 1 for the word itself. */
  readonly weight: number
}

/** A word of the query. */
export interface Wanted {
  readonly word: string
  readonly term: string
  readonly weight: number
  readonly lookups: readonly Lookup[]
}

const MOST_TERMS = 256
const MOST_EXPANDED = 4
const MOST_ALTERNATIVES = 4
/** How much of its weight an alternative that is all but the same word has. */
const ALTERNATIVE = 0.6

interface Known {
  readonly words: Words
  readonly vocabulary: Vocabulary
  readonly countOf: (term: number) => number
}

/** What a query asks for, in the order of the terms' names. */
export function wantedBy(query: string, known: Known): readonly Wanted[] {
  const asked = new Map<string, { word: string; isStop: boolean; times: number }>()
  known.words.each(query, ({ term, word, isStop }) => {
    const before = asked.get(term)
    if (before) before.times++
    else asked.set(term, { word, isStop, times: 1 })
  })
  const telling = [...asked].filter(([, { isStop }]) => !isStop)
  const kept = (telling.length > 0 ? telling : [...asked]).map(([term, { word, times }]) => {
    const number = known.vocabulary.numberOf(term)
    return { term, word, times, number, count: number === undefined ? 0 : known.countOf(number) }
  })
  const rarestFirst = kept.toSorted((a, b) => a.count - b.count || (a.term < b.term ? -1 : 1))
  const looked = [
    ...rarestFirst.filter(({ count }) => count > 0).slice(0, MOST_TERMS),
    ...rarestFirst.filter(({ count }) => count === 0),
  ]
  let expanded = 0
  const wanted = looked.flatMap(({ term, word, times, number }): readonly Wanted[] => {
    const lookups: Lookup[] = number === undefined ? [] : [{ term, number, weight: 1 }]
    if ((number === undefined || /[^\0-\x7f]/.test(term)) && !/\d/.test(term) && expanded < MOST_EXPANDED) {
      expanded++
      for (const like of known.vocabulary.similarTo(term, MOST_ALTERNATIVES))
        lookups.push({ term: like.term, number: like.number, weight: ALTERNATIVE * like.similarity })
    }
    const weight = askedWeight(times)
    return lookups.length === 0 ? [] : [{ term, word, weight, lookups }]
  })
  return wanted.toSorted((a, b) => (a.term < b.term ? -1 : 1))
}
