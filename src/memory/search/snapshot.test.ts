import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SearchIndex, SnapshotRefused } from './index.ts'

function filled(): SearchIndex {
  const index = new SearchIndex()
  index.put({
    id: 'a',
    subject: 'vendors',
    statement: 'Northwind is deprioritised',
    at: Date.UTC(2024, 2, 5),
  })
  index.put({ id: 'b', subject: '価格', statement: '東京の価格を決定した', because: 'größer 🚀' })
  index.put({ id: 'c', subject: 'secret', statement: 'zanzibarquux Geheimnisträger' })
  return index
}

test('an index read back answers as before, and goes on', () => {
  const [before, after] = [filled(), SearchIndex.from(filled().snapshot())]
  for (const query of ['northwind', '価格', 'march 2024', 'grosser größer', 'zanzibarqux'])
    expect(after.search(query)).toEqual(before.search(query))
  for (const index of [before, after]) {
    index.remove('b')
    index.put({ id: 'a', subject: 'vendors', statement: 'Contoso is preferred' })
    index.put({ id: 'd', subject: 'vendors', statement: 'Northwind again' })
  }
  for (const query of ['northwind', 'contoso', '価格', 'vendor'])
    expect(after.search(query)).toEqual(before.search(query))
  expect(after.size).toBe(3)
})

test('nothing of an erased item is left in a snapshot', () => {
  const index = filled()
  expect(Buffer.from(index.snapshot()).includes('zanzibarquux')).toBe(true)
  index.remove('c')
  const bytes = Buffer.from(index.snapshot())
  for (const word of ['zanzibar', 'quux', 'geheim', 'secret']) expect(bytes.includes(word)).toBe(false)
  expect(index.search('zanzibarquux')).toEqual([])
  expect(index.search('zanzibarqux')).toEqual([])
  expect(Buffer.compare(bytes, SearchIndex.from(bytes).snapshot())).toBe(0)
})

test('nothing of the text before is left after an item was replaced', () => {
  const index = SearchIndex.from(filled().snapshot())
  index.put({ id: 'c', subject: 'plain', statement: 'nothing to see' })
  expect(Buffer.from(index.snapshot()).includes('zanzibar')).toBe(false)
})

test('a snapshot may lie anywhere in a larger buffer', () => {
  const bytes = filled().snapshot()
  const larger = new Uint8Array(bytes.length + 7)
  larger.set(bytes, 3)
  expect(SearchIndex.from(larger.subarray(3, 3 + bytes.length)).search('northwind')[0]?.id).toBe('a')
})

test('any damage, and any other version, is refused', () => {
  const bytes = filled().snapshot()
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ change
      expect(() => SearchIndex.from(damaged)).toThrow(SnapshotRefused)
    }),
  )
  for (const length of [0, 3, 23, 24, bytes.length - 1])
    expect(() => SearchIndex.from(bytes.subarray(0, length))).toThrow(SnapshotRefused)
  const newer = bytes.slice()
  newer[4] = 99
  expect(() => SearchIndex.from(newer)).toThrow(/format 99; 1 is the one known/)
})

test('an empty index has a snapshot too', () => {
  const index = SearchIndex.from(new SearchIndex().snapshot())
  index.put({ id: 'a', subject: 'first', statement: 'after an empty start' })
  expect(index.search('first').map(({ id }) => id)).toEqual(['a'])
})
