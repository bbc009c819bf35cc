import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf } from './digest.ts'
import { editsOf } from './edits.ts'

test('only what differs is an edit, by its place', () => {
  const was = { a: 1, b: { 'c.d': [1, 2] }, gone: true }
  const is = { a: 1, b: { 'c.d': [1, 3, 4] }, new: null }
  expect(editsOf(was, is)).toEqual([
    { path: 'b["c.d"][1]', was: 2, is: 3 },
    { path: 'b["c.d"][2]', was: undefined, is: 4 },
    { path: 'gone', was: true, is: undefined },
    { path: 'new', was: undefined, is: null },
  ])
})

test('what differs everywhere is one edit of the whole', () => {
  const [was, is] = [
    Array.from({ length: 1000 }, (_, i) => i),
    Array.from({ length: 1000 }, (_, i) => -i - 1),
  ]
  expect(editsOf(was, is)).toEqual([{ path: '', was, is }])
})

test('a value has no edits against itself, and some against anything else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(editsOf(one, structuredClone(one))).toEqual([])
      // JSON cannot say -0, and the digest is of JSON
      const isSame = JSON.stringify(one) === JSON.stringify(other)
      if (!isSame && digestOf(one) !== digestOf(other)) expect(editsOf(one, other).length).toBeGreaterThan(0)
    }),
  )
})

test('a digest is of what a value says, whatever the order of its keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed())
      expect(digestOf(reversed)).toBe(digestOf(value))
    }),
  )
  expect(digestOf({ a: [1, 2] })).not.toBe(digestOf({ a: [2, 1] }))
  expect(digestOf({ at: new Date(0) })).not.toBe(digestOf({ at: new Date(1) }))
})
