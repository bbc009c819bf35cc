import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { issuesOf } from './json-schema.ts'
import { jsonSchemaOf } from './schema.ts'

const schemaOf = (schema: Parameters<typeof jsonSchemaOf>[0]) => jsonSchemaOf(schema) ?? {}

test('what is wrong is named by its place', () => {
  const schema = schemaOf(z.object({ lines: z.array(z.object({ count: z.number().min(1) })) }))
  expect(issuesOf(schema, { lines: [{ count: 1 }] })).toEqual([])
  expect(issuesOf(schema, { lines: [{ count: 1 }, { count: 0 }] }).map(({ path }) => path)).toContain(
    'lines.1.count',
  )
  expect(issuesOf(schema, 'lines')).toHaveLength(1)
})

test('a field that is undefined is none, and what JSON cannot say is refused in words', () => {
  const schema = schemaOf(z.object({ note: z.string().optional() }))
  expect(issuesOf(schema, { note: undefined })).toEqual([])
  expect(issuesOf(schema, { note: 1n })).toMatchObject([
    { message: expect.stringContaining('bigint') as string },
  ])
})

test('a schema that cannot be followed here says nothing: the code decides', () => {
  expect(issuesOf(schemaOf(z.string().regex(new RegExp(String.raw`^\#\d{2}$`))), '#12')).toEqual([])
  expect(issuesOf({ $ref: '#/nowhere' }, 1)).toEqual([])
})

test('no value breaks it', () => {
  const loop: { self?: unknown } = {}
  loop.self = loop
  expect(issuesOf({ type: 'string' }, loop)).toEqual([])
  fc.assert(fc.property(fc.anything(), fc.object(), (value, schema) => void issuesOf(schema, value)))
})
