import { expect, test } from 'vitest'
import { stem } from './stem.ts'

test.each([
  // The examples of Porter's paper, step by step.
  ['caresses', 'caress'],
  ['ponies', 'poni'],
  ['cats', 'cat'],
  ['feed', 'feed'],
  ['agreed', 'agre'],
  ['plastered', 'plaster'],
  ['bled', 'bled'],
  ['motoring', 'motor'],
  ['sing', 'sing'],
  ['conflated', 'conflat'],
  ['troubled', 'troubl'],
  ['sized', 'size'],
  ['hopping', 'hop'],
  ['falling', 'fall'],
  ['filing', 'file'],
  ['happy', 'happi'],
  ['sky', 'sky'],
  ['relational', 'relat'],
  ['rational', 'ration'],
  ['vietnamization', 'vietnam'],
  ['hopefulness', 'hope'],
  ['sensibiliti', 'sensibl'],
  ['triplicate', 'triplic'],
  ['electrical', 'electr'],
  ['revival', 'reviv'],
  ['adjustable', 'adjust'],
  ['replacement', 'replac'],
  ['adoption', 'adopt'],
  ['effective', 'effect'],
  ['probate', 'probat'],
  ['rate', 'rate'],
  ['cease', 'ceas'],
  ['controll', 'control'],
  ['roll', 'roll'],
  ['generalizations', 'gener'],
  ['nation', 'nation'],
])('%s has the stem %s', (word, expected) => {
  expect(stem(word)).toBe(expected)
})

test('the forms of a word are one term', () => {
  expect(new Set(['decide', 'decided', 'decides', 'deciding'].map(stem)).size).toBe(1)
})

test.each(['договоры', '決定', 'größe', 'v2', 'ab', '', 'naïve'])('%s is left as it is', (word) => {
  expect(stem(word)).toBe(word)
})
