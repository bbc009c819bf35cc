import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from '../log/index.ts'
import { split } from './desk.ts'
import { Texts, type Fresh } from './texts.ts'

const SECRET = 'a secret of the run'

test('what was said comes back as it was, whatever it is made of', () => {
  const value = fc.jsonValue({ maxDepth: 4 }).map((one) => JSON.parse(JSON.stringify(one)) as unknown)
  fc.assert(
    fc.property(value, fc.string({ minLength: 380, maxLength: 5000 }), value, (input, text, output) => {
      const said = { input, text, output: { type: 'json', value: output }, args: JSON.stringify(input) }
      const fresh: Fresh = {}
      const packed = new Texts(SECRET).pack(said, fresh)
      const { small, large } = split(fresh)
      const reader = new Texts(SECRET)
      // As the record has them.
      for (const texts of [small, ...large]) reader.learn(decode(encode(texts)) as typeof texts)
      expect(reader.unpack(packed)).toEqual(said)
    }),
  )
})

test('keys that mean something to somebody else are but keys', () => {
  for (const text of [
    `{"__proto__":{"item":"${'x'.repeat(80)}"}}`,
    `{"$":"Date","v":"${'x'.repeat(80)}"}`,
    `[{"~":"${'x'.repeat(80)}"}]`,
  ]) {
    const fresh: Fresh = {}
    const packed = new Texts(SECRET).pack({ input: text }, fresh)
    const reader = new Texts(SECRET)
    reader.learn(decode(encode(split(fresh).small)) as ReturnType<typeof split>['small'])
    expect(reader.unpack(packed)).toEqual({ input: text })
  }
})

test('arguments are on the record once, as the model wrote them and as the tool is given them', () => {
  const args = { item: 'a bicycle', about: 'something that is longer than its name would be' }
  const fresh: Fresh = {}
  const texts = new Texts(SECRET)
  texts.pack({ type: 'tool-call', input: JSON.stringify(args) }, fresh)
  texts.pack({ args }, fresh)
  expect(Object.values(fresh)).toEqual([JSON.stringify(args)])
  expect(Object.values(split(fresh).small)).toEqual([[args]])
})
