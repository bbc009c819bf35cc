import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashed, Lexicon } from './lexicon.ts'

const hashOf = (word: string) =>
  Array.from(word).reduce((hash, letter) => hashed(hash, letter.charCodeAt(0)), 0)

test('a word is found where it stands in a text, and no other', () => {
  const lexicon = new Lexicon<{ readonly word: string }>()
  const [cats, dogs] = [{ word: 'cats' }, { word: 'dogs' }]
  lexicon.add(cats)
  lexicon.add(dogs)
  expect(lexicon.find('two cats', 4, 8, hashOf('cats'))).toBe(cats)
  expect(lexicon.find('dogs', 0, 4, hashOf('dogs'))).toBe(dogs)
  expect(lexicon.find('dogs', 0, 3, hashOf('dog'))).toBe(undefined)
  lexicon.clear()
  expect([lexicon.size, lexicon.find('cats', 0, 4, hashOf('cats'))]).toEqual([0, undefined])
})

test('words of one hash are told apart', () => {
  const lexicon = new Lexicon<{ readonly word: string }>()
  // 31 * 'A' + 'a' = 31 * 'B' + 'B'
  expect(hashOf('Aa')).toBe(hashOf('BB'))
  lexicon.add({ word: 'Aa' })
  expect(lexicon.find('BB', 0, 2, hashOf('BB'))).toBe(undefined)
  lexicon.add({ word: 'BB' })
  expect(lexicon.find('BB', 0, 2, hashOf('BB'))?.word).toBe('BB')
  expect(lexicon.find('Aa', 0, 2, hashOf('Aa'))?.word).toBe('Aa')
})

test('it holds what was put into it, however much that is', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), { maxLength: 500 }),
      (words) => {
        const lexicon = new Lexicon<{ readonly word: string }>()
        const made = words.map((word) => ({ word }))
        for (const one of made) lexicon.add(one)
        const found = made.map(({ word }) => lexicon.find(word, 0, word.length, hashOf(word)))
        expect(found).toEqual(made)
      },
    ),
    { numRuns: 50 },
  )
  const lexicon = new Lexicon<{ readonly word: string }>()
  for (let n = 0; n < 40_000; n++) lexicon.add({ word: `w${n}` })
  expect(lexicon.find('w39999', 0, 6, hashOf('w39999'))?.word).toBe('w39999')
})
