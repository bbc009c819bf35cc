import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Texts, type Fresh } from './texts.ts'

const long = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).map((text) => text.repeat(60))
const json = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    long,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.string({ maxLength: 5 }),
        fc.constantFrom('~', '~~', '~j', '~+', '~b', '$', 'input', 'value', 'v', 'args'),
      ),
      tie('any'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).any

test('what is unpacked is what was packed, by whoever reads the record later', () => {
  fc.assert(
    fc.property(fc.array(json, { maxLength: 5 }), (values) => {
      const writer = new Texts('secret')
      const reader = new Texts('secret')
      for (const value of values) {
        const fresh: Fresh = {}
        const packed: unknown = JSON.parse(JSON.stringify(writer.pack(value, fresh)))
        reader.learn(fresh)
        expect(reader.unpack(packed as never)).toEqual(JSON.parse(JSON.stringify(value)))
      }
    }),
  )
})

test('a text is brought once, whatever it is part of', () => {
  const texts = new Texts('secret')
  const text = 'word '.repeat(200)
  const fresh: Fresh = {}
  texts.pack({ role: 'user', content: [{ text }] }, fresh)
  texts.pack({ role: 'assistant', content: [{ text }, { text }] }, fresh)
  texts.pack({ output: { type: 'json', value: { body: text } } }, fresh)
  expect(Object.values(fresh).filter((one) => one === text)).toHaveLength(1)
})

test('what a tool returned has the name it has in the request that follows', () => {
  const texts = new Texts('secret')
  const value = { rows: Array.from({ length: 30 }, (_, i) => ({ id: i, name: `row ${i}` })) }
  const returned: Fresh = {}
  texts.pack({ v: value }, returned)
  const asked: Fresh = {}
  texts.pack({ output: { type: 'json', value: structuredClone(value) } }, asked)
  expect(Object.keys(returned)).toHaveLength(1)
  expect(asked).toEqual({})
})

test('bytes come back as bytes', () => {
  const texts = new Texts('secret')
  const fresh: Fresh = {}
  const packed = texts.pack({ data: new Uint8Array([1, 2, 255]) }, fresh)
  expect(texts.unpack(packed)).toEqual({ data: new Uint8Array([1, 2, 255]) })
})

test('a text that arrived in pieces comes back whole, and is known as a whole from then on', () => {
  const writer = new Texts('secret')
  const pieces = ['one '.repeat(150), 'two '.repeat(150)]
  const partial: Fresh = {}
  for (const piece of pieces) writer.name(piece, partial)
  const packed = writer.joined([...pieces, 'three'])
  const reader = new Texts('secret')
  reader.learn(partial)
  const whole = reader.unpack(packed)
  expect(whole).toBe(`${pieces.join('')}three`)
  const fresh: Fresh = {}
  reader.pack({ text: whole }, fresh)
  expect(fresh).toEqual({})
})

test('digests of one run tell nothing of another’s', () => {
  expect(new Texts('a').digest('the text')).not.toBe(new Texts('b').digest('the text'))
})
