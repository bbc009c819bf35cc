import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Doc } from './doc.ts'
import { SearchIndex } from './search-index.ts'
import { similarity } from './similar.ts'
import { Words, type Word } from './words.ts'

function indexOf(...docs: readonly (Partial<Doc> & { readonly id: string })[]): SearchIndex {
  const index = new SearchIndex()
  for (const doc of docs) index.put({ subject: '', statement: '', ...doc })
  return index
}

const idsFor = (index: SearchIndex, query: string) => index.search(query).map(({ id }) => id)

describe('what is found', () => {
  test('a subject counts more than a reason', () => {
    const index = indexOf(
      { id: 'a', subject: 'office', statement: 'we stay', because: 'the vendor is near' },
      { id: 'b', subject: 'vendor', statement: 'we stay', because: 'the office is near' },
    )
    expect(idsFor(index, 'vendor')).toEqual(['b', 'a'])
  })

  test('an item is found by its date, in words and in figures', () => {
    const index = indexOf(
      { id: 'a', statement: 'x', at: Date.UTC(2024, 2, 5) },
      { id: 'b', statement: 'y', at: Date.UTC(2023, 6, 9) },
    )
    for (const query of ['March 2024', '2024-03', '2024-03-05', '5 March'])
      expect(idsFor(index, query)[0]).toBe('a')
  })

  test('a date written in the text is found the same way', () => {
    expect(idsFor(indexOf({ id: 'a', statement: 'delivery on 2025-11-30' }), 'november')).toEqual(['a'])
  })

  test.each([
    ['a typo', 'the vendor was deprioritised', 'deprioritsed vendro'],
    ['an inflected word', 'мы подписали договор', 'договора'],
    ['a part of a Chinese text', '供应商价格已经决定', '价格'],
    ['a Korean word with another ending', '가격을 결정했다', '결정'],
    ['an accent left out', 'Réunion à Orléans', 'reunion orleans'],
    ['another form of an English word', 'we decided against it', 'deciding'],
    ['an emoji', 'shipped 🚀 today', '🚀'],
    ['a Hebrew word', 'החלטה על ספק', 'ספק'],
  ])('%s', (_what, statement, query) => {
    expect(idsFor(indexOf({ id: 'a', statement }, { id: 'b', statement: 'unrelated' }), query)).toEqual(['a'])
  })

  test('a word the index knows is not replaced by one that looks alike', () => {
    const index = indexOf({ id: 'a', statement: 'invoicex' }, { id: 'b', statement: 'invoicey' })
    expect(idsFor(index, 'invoicex')).toEqual(['a'])
  })

  test('every item with a word of the query is found, however common the word', () => {
    const index = indexOf(...Array.from({ length: 50 }, (_, i) => ({ id: `i${i}`, statement: 'vendor' })))
    expect(index.search('vendor', { limit: 100 })).toHaveLength(50)
  })

  test('numbers are never guessed', () => {
    expect(idsFor(indexOf({ id: 'a', statement: 'invoice 20181' }), '20182')).toEqual([])
  })

  test('stop words are looked up where the query has nothing else, in subjects', () => {
    const index = indexOf(
      { id: 'a', subject: 'The "with" statement' },
      { id: 'b', subject: 'Enum', statement: 'with care' },
    )
    expect(idsFor(index, 'with')).toEqual(['a'])
    expect(idsFor(index, 'with enum')).toEqual(['b'])
  })
})

describe('why', () => {
  test('says the word of the query and the fields', () => {
    const [hit] = indexOf({ id: 'a', subject: 'Vendors', because: 'vendor risk' }).search('vendor')
    expect(hit?.why.terms).toEqual([
      { term: 'vendor', field: 'subject' },
      { term: 'vendor', field: 'because' },
    ])
  })

  test('says which word an expansion came from', () => {
    const [hit] = indexOf({ id: 'a', statement: 'the vendor' }).search('vendro')
    expect(hit?.why.terms).toEqual([{ term: 'vendor', field: 'statement', from: 'vendro' }])
  })
})

describe('options', () => {
  const index = indexOf(
    ...Array.from({ length: 30 }, (_, i) => ({
      id: `i${String(i).padStart(2, '0')}`,
      statement: 'same text',
    })),
  )

  test('ties are in order of id, ten unless told', () => {
    expect(idsFor(index, 'text')).toEqual(Array.from({ length: 10 }, (_, i) => `i0${i}`))
    expect(index.search('text', { limit: 0 })).toEqual([])
  })

  test('what is not allowed takes no place', () => {
    const hits = index.search('text', { limit: 3, allowed: (id) => id.endsWith('5') })
    expect(hits.map(({ id }) => id)).toEqual(['i05', 'i15', 'i25'])
  })

  test('a filter that throws leaves nothing behind for the next search', () => {
    const before = index.search('text')
    const fail = () => {
      throw new Error('no')
    }
    expect(() => index.search('text', { allowed: fail })).toThrow('no')
    expect(index.search('text')).toEqual(before)
  })
})

describe('hostile input', () => {
  test.each([
    ['nothing', ''],
    ['only stop words', 'the of and'],
    ['only signs', '!!! ### — …'],
    ['halves of characters', '\ud800\udc00\ud800 \udfff'],
    ['names of object properties', '__proto__ constructor hasOwnProperty'],
    ['a word without end', 'x'.repeat(1_000_000)],
    ['marks without letters', '\u0301'.repeat(1000)],
    ['a null', '\0'],
  ])('%s, as item and as query', (_what, text) => {
    const index = indexOf(
      { id: 'a', subject: text, statement: text, at: Number.NaN },
      { id: 'b', statement: 'vendor' },
    )
    expect(() => index.search(text)).not.toThrow()
    expect(idsFor(index, 'vendor')).toEqual(['b'])
    expect(SearchIndex.from(index.snapshot()).search(text)).toEqual(index.search(text))
    expect(index.remove('a')).toBe(true)
    expect(idsFor(index, text)).toEqual([])
  })

  test('a statement of 10 MB is read as far as a statement goes', () => {
    const index = indexOf(
      { id: 'a', statement: 'beginning '.padEnd(10_000_000, 'lorem ipsum 決定 ') },
      { id: 'b', statement: 'x' },
    )
    expect(idsFor(index, 'beginning')).toEqual(['a'])
    expect(() => index.search('lorem ipsum '.repeat(1_000_000))).not.toThrow()
    index.remove('a')
    expect(Buffer.from(index.snapshot()).includes('lorem')).toBe(false)
  })

  test('a date outside of the calendar is no date', () => {
    const index = indexOf({ id: 'a', statement: 'x', at: 1e99 }, { id: 'b', statement: 'y', at: -1e14 })
    expect(index.size).toBe(2)
  })

  test('an id that is half a character is refused in a sentence', () => {
    expect(() => indexOf({ id: 'a\ud800' })).toThrow(/half of a character/)
  })
})

describe('consistency', () => {
  const word = fc.constantFrom('vendor', 'price', 'prices', 'late', 'the', 'risk', 'договор', '決定', 'north')
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))
  const doc = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    subject: text,
    statement: text,
    because: text,
    more: text,
  })
  const step = fc.oneof(
    { weight: 3, arbitrary: doc.map((put) => ({ put })) },
    { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c').map((remove) => ({ remove })) },
    { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
  )

  test('after any history, scores are those of BM25F over what is in it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), text, (steps, query) => {
        let index = new SearchIndex()
        const model = new Map<string, Doc>()
        for (const one of steps)
          if ('put' in one) {
            index.put(one.put)
            model.set(one.put.id, one.put)
          } else if ('remove' in one) expect(index.remove(one.remove)).toBe(model.delete(one.remove))
          else index = SearchIndex.from(index.snapshot())
        expect(index.size).toBe(model.size)
        const expected = naiveScores([...model.values()], query)
        const found = index.search(query)
        expect(found.map(({ id }) => id).toSorted()).toEqual(expected.map(([id]) => id).toSorted())
        // The engine rounds its idf: equal to four places, and in order.
        const of = new Map(expected)
        for (const { id, score } of found) expect(score).toBeCloseTo(of.get(id) ?? NaN, 3)
        expect(found).toEqual(found.toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)))
      }),
      { numRuns: 300 },
    )
  })

  test('the order of arrival changes nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(doc, { selector: ({ id }) => id }), text, (docs, query) => {
        const [there, back] = [indexOf(...docs), indexOf(...docs.toReversed())]
        expect(back.search(query)).toEqual(there.search(query))
      }),
    )
  })
})

/** BM25F as its formula reads, over texts: no index, no limits, nothing shared with the engine but words and similarity. */
function naiveScores(docs: readonly Doc[], query: string): readonly (readonly [string, number])[] {
  const fields = [
    ['subject', 6, 3],
    ['statement', 1, 7],
    ['because', 1, 3],
    ['more', 1, 3],
  ] as const
  const all = docs.map((doc) => {
    const mentions = new Map<string, number>()
    let length = 0
    for (const [field, weight, most] of fields) {
      const words = wordsOf(doc[field] ?? '').filter(({ isStop }) => !isStop || field === 'subject')
      length += weight * words.length
      for (const [term, times] of countsOf(words.map(({ term: t }) => t)))
        mentions.set(term, (mentions.get(term) ?? 0) + weight * Math.min(times, most))
    }
    return { id: doc.id, mentions, length, score: 0 }
  })
  const average = all.reduce((sum, { length }) => sum + length, 0) / all.length
  const vocabulary = [...new Set(all.flatMap(({ mentions }) => [...mentions.keys()]))]
  const asked = wordsOf(query)
  const telling = asked.some(({ isStop }) => !isStop) ? asked.filter(({ isStop }) => !isStop) : asked
  for (const [term, times] of [...countsOf(telling.map(({ term: t }) => t))].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const weights = new Map(vocabulary.includes(term) ? [[term, 1]] : [])
    if (!vocabulary.includes(term) || /[^\0-\x7f]/.test(term))
      for (const like of vocabulary)
        if (like !== term && similarity(term, like) > 0) weights.set(like, 0.6 * similarity(term, like))
    const having = all.reduce(
      (n, { mentions }) => n + [...weights.keys()].filter((t) => mentions.has(t)).length,
      0,
    )
    const n = Math.min(having, all.length)
    const idf = Math.log(1 + (all.length - n + 0.5) / (n + 0.5))
    for (const doc of all)
      for (const [one, weight] of weights) {
        const w = doc.mentions.get(one) ?? 0
        if (w > 0)
          doc.score +=
            (idf * weight * ((5 * times) / (4 + times)) * w) /
            (w + 1.2 * (0.25 + (0.75 * doc.length) / average))
      }
  }
  return all
    .filter(({ score }) => score > 0)
    .map(({ id, score }) => [id, score] as const)
    .toSorted(([a, x], [b, y]) => (Math.abs(x - y) < 1e-6 ? (a < b ? -1 : 1) : y - x))
}

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  new Words().each(text, (word) => words.push(word))
  return words
}

function countsOf(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}
