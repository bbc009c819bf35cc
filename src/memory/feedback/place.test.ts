import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keysOf, lookUp, pathText, replaced } from './place.ts'

test.each([
  ['', []],
  ['total', ['total']],
  ['rows[3].category', ['rows', 3, 'category']],
  ['rows.3.category', ['rows', '3', 'category']],
  ['[0][1]', [0, 1]],
  ['by["a.b"]["say \\"no\\""]', ['by', 'a.b', 'say "no"']],
])('%j is read as %j', (path, keys) => expect(keysOf(path)).toEqual(keys))

test.each(['.a', 'a..b', 'a.', 'a[', 'a[x]', 'a[-1]', 'a["b', 'a]b', 'a[0]b', '['])('%j is no path', (path) =>
  expect(keysOf(path)).toBeUndefined(),
)

test('what is written as text is read as the same keys', () => {
  const keys = fc.array(fc.oneof(fc.nat(1e9), fc.string({ minLength: 1 })), { maxLength: 6 })
  fc.assert(fc.property(keys, (path) => void expect(keysOf(pathText(path))).toEqual(path)))
})

test('a place is replaced, and nothing else', () => {
  const value = { rows: [{ a: 1 }, { a: 2 }], at: new Date(0) }
  expect(replaced(value, ['rows', 1, 'a'], 3)).toEqual({ rows: [{ a: 1 }, { a: 3 }], at: new Date(0) })
  expect(value.rows[1]).toEqual({ a: 2 })
})

test.each([
  [['__proto__']],
  [['toString']],
  [['rows', 'length']],
  [['rows', 2]],
  [['rows', '01x']],
  [['text', 0]],
  [['at', 'getTime']],
  [['none', 'a']],
])('what a value does not hold itself is not there: %j', (keys) => {
  const value = { rows: [1, 2], text: 'abc', at: new Date(0), none: null }
  expect(lookUp(value, keys)).toMatchObject({ isThere: false })
})

test('a field that is named as a prototype is a field like any other', () => {
  const value: unknown = JSON.parse('{"__proto__":{"a":1}}')
  expect(lookUp(replaced(value, ['__proto__', 'a'], 2), ['__proto__', 'a'])).toEqual({
    isThere: true,
    value: 2,
  })
  expect(({} as { a?: number }).a).toBeUndefined()
})
