import fc from 'fast-check'
import { Tiktoken } from 'js-tiktoken/lite'
import ranks from 'js-tiktoken/ranks/o200k_base'
import { expect, test } from 'vitest'
import { readTokenizer } from './index.ts'

const { count, name } = readTokenizer()
const theirs = new Tiktoken(ranks)
const counted = (text: string) => theirs.encode(text, [], []).length

test.each([
  '',
  'Hello, world!',
  'It\'s 1234567 vendors; they\'LL be EXCLUDED (see §3).\n\n## Decisions\n- acme: "no"\n',
  '   spaces   and\ttabs \n \n  ',
  'Straße, žluťoučký kůň, приве́т, नमस्ते, สวัสดี, مرحبا',
  '我们决定不再考虑这家供应商，因为没有报告。',
  '👩‍👩‍👧‍👦 🏳️‍🌈 \u{1f9ea}',
  'const a = b?.c ?? { d: [1, 2, 3] } // ok',
  '<|endoftext|><|im_start|>system',
])('counts as the reference does: %j', (text) => {
  expect(count(text)).toBe(counted(text))
})

test('any text counts as the reference counts it', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 })
  fc.assert(fc.property(text, (one) => count(one) === counted(one)))
})

test('half a character is counted, and does not throw', () => {
  expect(count('\ud83d')).toBeGreaterThan(0)
})

test('a wall of text without a space takes no time', () => {
  const started = performance.now()
  expect(count('供应商'.repeat(7000))).toBeGreaterThan(7000)
  expect(count('x'.repeat(100_000))).toBeGreaterThan(1000)
  expect(count(`${' '.repeat(100_000)}x`)).toBeGreaterThan(100)
  expect(performance.now() - started).toBeLessThan(1500)
})

test('says which table it counts by', () => {
  expect(name).toBe('o200k_base')
})
