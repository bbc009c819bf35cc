import fc from 'fast-check'
import { expect, test } from 'vitest'
import { brought, Texts, type Fresh } from '../model/texts.ts'
import { TextsTold } from './texts.ts'

const value = fc.oneof(
  fc.string({ maxLength: 900 }),
  fc.record({
    type: fc.constant('json'),
    value: fc.json({ maxDepth: 3 }).map((text): unknown => JSON.parse(text)),
  }),
  fc.record({
    args: fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 300 }), {
      noNullPrototype: true,
    }),
  }),
)

test('what a call was told and said is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const writer = new Texts('secret')
      const reader = new TextsTold()
      for (const one of values) {
        const fresh: Fresh = {}
        const packed = writer.pack(one, fresh)
        reader.learn(
          Object.fromEntries(Object.entries(fresh).map(([digest, text]) => [digest, brought(text)])),
        )
        expect(reader.unpack(packed)).toEqual(JSON.parse(JSON.stringify(one)))
      }
    }),
  )
})
