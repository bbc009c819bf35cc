import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lists } from './lists.ts'

const LIST = 5

test('any sequence of changes leaves what sets would hold, in order', () => {
  const number = fc.nat(60)
  const change = fc.record({
    list: fc.nat(LIST),
    what: fc.constantFrom('add', 'add', 'add', 'remove', 'clear'),
    number,
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const lists = new Lists(0, 0)
      const model = new Map<number, Set<number>>()
      for (const { list, what, number: n } of changes) {
        const set = model.get(list) ?? new Set()
        model.set(list, set)
        if (what === 'add' && !set.has(n)) {
          lists.add(list, n)
          set.add(n)
        } else if (what === 'remove') expect(lists.remove(list, n, n)).toBe(set.delete(n))
        else if (what === 'clear') {
          lists.clear(list)
          set.clear()
        }
        expect(lists.find(list, n, n)).toBe(set.has(n) ? n : undefined)
      }
      for (const [list, set] of model) expect([...lists.of(list)]).toEqual([...set].toSorted((a, b) => a - b))
    }),
  )
})

test('what was taken out is not left in the array', () => {
  const lists = new Lists(0, 0)
  for (let i = 0; i < 100; i++) lists.add(i % 3, 1_000_000 + i)
  for (let i = 0; i < 100; i++) lists.remove(i % 3, 1_000_000 + i, 1_000_000 + i)
  expect(lists.words.every((word) => word === 0)).toBe(true)
})

test('a list that moved or was cleared leaves nothing behind', () => {
  const lists = new Lists(0, 0)
  for (let i = 0; i < 100; i++) lists.add(i % 3, 1_000_000 + i)
  const kept = (n: number) => lists.words.filter((word) => word === n).length
  expect(kept(1_000_000)).toBe(1)
  for (const list of [0, 1, 2]) lists.clear(list)
  expect(lists.words.every((word) => word === 0)).toBe(true)
})

test('room that was given up is used again', () => {
  const lists = new Lists(0, 0)
  for (let round = 0; round < 200; round++) {
    for (let i = 1; i <= 500; i++) lists.add(round % 7, i)
    lists.clear(round % 7)
  }
  expect(lists.words.length).toBeLessThan(10_000)
})
