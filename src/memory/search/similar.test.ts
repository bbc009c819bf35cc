import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maybeSimilar, signatureOf, similarity } from './similar.ts'

test.each([
  ['recieve', 'receive'],
  ['vendro', 'vendor'],
  ['договора', 'договор'],
  ['sopimuksessa', 'sopimuksen'],
  ['prioritse', 'prioritise'],
])('%s stands for %s', (a, b) => {
  expect(similarity(a, b)).toBeGreaterThanOrEqual(0.5)
})

test.each([
  ['vendor', 'window'],
  ['cat', 'car'],
  ['invoice', 'voucher'],
])('%s does not stand for %s', (a, b) => {
  expect(similarity(a, b)).toBe(0)
})

test('a signature rules nothing out that is similar', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'd', 'é', '決'),
    minLength: 1,
    maxLength: 12,
  })
  const edited = fc.tuple(
    word,
    fc.array(fc.tuple(fc.nat(12), fc.constantFrom('a', 'c', 'é', '')), { maxLength: 2 }),
  )
  fc.assert(
    fc.property(edited, ([a, edits]) => {
      const b = edits.reduce((w, [at, letter]) => w.slice(0, at) + letter + w.slice(at + 1), a)
      const { letters, low, high, length } = signatureOf(b)
      if (similarity(a, b) > 0) expect(maybeSimilar(signatureOf(a), letters, low, high, length)).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})
