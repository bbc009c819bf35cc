import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRule, RuleIndex } from './index.ts'
import { isMatch } from './pattern.ts'

const rule = (target: string) => compileRule({ target, forbid: 'true' })
const ids = (index: RuleIndex, name: string) => index.forTarget(name).map(({ itemId }) => itemId)

test('rules are found by the name of what they are about, or by a pattern of it, in the order they came', () => {
  const index = new RuleIndex()
  index.add('d1', rule('recommend*'))
  index.add('d2', rule('recommendation'))
  index.add('d3', rule('payment'))
  index.add('d4', rule('*'))
  expect(ids(index, 'recommendation')).toEqual(['d1', 'd2', 'd4'])
  expect(ids(index, 'payment')).toEqual(['d3', 'd4'])
  expect(ids(index, '')).toEqual(['d4'])
})

test('what was added or taken away counts at once', () => {
  const index = new RuleIndex()
  index.add('d1', rule('a'))
  expect(ids(index, 'a')).toEqual(['d1'])
  index.add('d1', rule('b'))
  expect([ids(index, 'a'), ids(index, 'b')]).toEqual([[], ['d1']])
  index.add('d2', rule('*'))
  expect(index.remove('d1')).toBe(true)
  expect(index.remove('d1')).toBe(false)
  expect([ids(index, 'b'), index.size]).toEqual([['d2'], 1])
})

test('names are remembered up to a limit', () => {
  const index = new RuleIndex()
  index.add('d1', rule('n*'))
  for (let n = 0; n < 5000; n++) expect(ids(index, `n${n}`)).toEqual(['d1'])
})

describe('a pattern', () => {
  test.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*a', 'a', false],
    ['*b*', 'abc', true],
    ['a.c', 'abc', false],
    ['a*b*c', 'acb', false],
    ['**', '', true],
    ['(x)*', '(x)y', true],
  ])('%s over %s: %s', (pattern, name, expected) => {
    expect(isMatch(pattern, name)).toBe(expected)
  })

  test('means what the regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(text, name, (pattern, given) => {
        expect(isMatch(pattern, given)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(given))
      }),
    )
  })

  test('of many stars over a long name takes no time', () => {
    expect(isMatch(`${'*a'.repeat(90)}*b`, 'a'.repeat(100_000))).toBe(false)
  })
})
