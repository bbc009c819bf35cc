import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import wabt from 'wabt'
import { Vectors } from './vectors.ts'

const byte = fc.integer({ min: -127, max: 127 })
const all = () => true
const product = (a: Int8Array, b: Int8Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)

test('what is nearest is what multiplying one by one finds, in any number of dimensions', () => {
  const many = fc.integer({ min: 1, max: 70 }).chain((dimensions) => {
    const vector = fc
      .array(byte, { minLength: dimensions, maxLength: dimensions })
      .map((of) => Int8Array.from(of))
    return fc.tuple(vector, fc.array(vector, { minLength: 1, maxLength: 40 }))
  })
  fc.assert(
    fc.property(many, ([asked, of]) => {
      const vectors = new Vectors(asked.length)
      for (const [number, vector] of of.entries()) vectors.put(number, vector)
      const expected = of
        .map((vector, doc) => ({ doc, id: `id${doc}`, score: product(asked, vector) }))
        .filter(({ score }) => score >= 10)
        .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
        .slice(0, 5)
      const found = vectors.nearest(asked, { limit: 5, least: 10, idOf: (doc) => `id${doc}`, allowed: all })
      expect(found).toEqual(expected)
    }),
  )
})

test('room is made for many, and what was put in before stays', () => {
  const vectors = new Vectors(100)
  for (let number = 0; number < 5000; number++)
    vectors.put(number, new Int8Array(100).fill(number % 2 === 0 ? 1 : -1).fill(number % 100, 0, 1))
  const found = vectors.nearest(new Int8Array(100).fill(1), {
    limit: 3,
    least: 1,
    idOf: String,
    allowed: (_, doc) => doc < 100,
  })
  expect(found.map(({ id, score }) => [id, score])).toEqual([
    ['98', 197],
    ['96', 195],
    ['94', 193],
  ])
  vectors.remove(98)
  expect(vectors.at(98)).toEqual(new Int8Array(100))
})

test('the code for the processor is what its source says', async () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url))
  const assembler = await wabt()
  const { buffer } = assembler
    .parseWat('scan.wat', read('./scan.wat').toString('latin1'), { simd: true })
    .toBinary({})
  expect(Buffer.compare(Buffer.from(buffer), read('./scan.wasm'))).toBe(0)
})
