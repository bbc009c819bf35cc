import fc from 'fast-check'
import { Validator } from '@cfworker/json-schema'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { fitting } from './fitting.ts'

const shape: fc.Arbitrary<z.ZodType> = fc.letrec<{ any: z.ZodType }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.nat(40).map((n) => z.string().min(n)),
    fc.constantFrom(
      z.email(),
      z.uuid(),
      z.iso.datetime(),
      z.url(),
      z.boolean(),
      z.null(),
      z.string().regex(/^[A-Z]{3}$/),
    ),
    fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(9)).map(([least, n]) =>
      z
        .number()
        .int()
        .min(least)
        .max(least + n),
    ),
    fc.integer({ min: -9, max: 9 }).map((over) =>
      z
        .number()
        .gt(over)
        .lt(over + 1),
    ),
    fc.constant(z.enum(['b', 'a'])),
    fc.constant(z.literal(7)),
    tie('any').map((one) => one.nullable()),
    fc.tuple(tie('any'), fc.nat(3)).map(([one, least]) => z.array(one).min(least)),
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((all) => z.union(all)),
    fc
      .array(tie('any'), { maxLength: 4 })
      .map((all) =>
        z.strictObject(
          Object.fromEntries(all.map((one, i) => [`field${i}`, i % 3 === 2 ? one.optional() : one])),
        ),
      ),
  ),
})).any

test('what is made of a schema fits it, and is the same each time', () => {
  fc.assert(
    fc.property(shape, (zod) => {
      const { $schema: _, ...schema } = z.toJSONSchema(zod)
      const value = fitting(schema)
      expect(zod.safeParse(value)).toMatchObject({ success: true })
      expect(new Validator(schema as object, '2020-12').validate(value).valid).toBe(true)
      expect(fitting(schema)).toEqual(value)
    }),
    { numRuns: 300 },
  )
})

test('a schema that refers to itself comes to an end', () => {
  const tree: z.ZodType = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) })
  expect(tree.safeParse(fitting({ ...z.toJSONSchema(tree) })).success).toBe(true)
  const endless = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }
  expect(() => fitting(endless)).not.toThrow()
})

test('any JSON at all can be given as a schema', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'type',
          'anyOf',
          'allOf',
          'items',
          'enum',
          'properties',
          'required',
          '$ref',
          'minItems',
          'pattern',
          'minLength',
          'description',
        ),
        fc.jsonValue(),
      ),
      (schema) => {
        expect(() => JSON.stringify(fitting(schema))).not.toThrow()
      },
    ),
  )
})
