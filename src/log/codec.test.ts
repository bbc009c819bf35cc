import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ThroughlineError } from '../errors.ts'
import { decode, encode } from './codec.ts'

const throughTheRecord = (value: unknown): unknown => decode(encode(value))

/** Whatever the record promises to carry, nested at will; keys that could be mistaken for tags included. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.jsonValue(),
    fc.double(),
    fc.constantFrom(undefined, null, -0, Number.NaN, Infinity, -Infinity),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.webUrl().map((href) => new URL(href)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc
      .dictionary(
        fc.oneof(fc.string(), fc.constantFrom('$', 'v', '__proto__', 'toString', 'constructor')),
        tie('value'),
      )
      .map(plain),
    fc.record({ $: fc.constantFrom('Date', 'Map', '$', 'undefined', 'Error'), v: tie('value') }).map(plain),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((pairs) => new Map(pairs)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
}))

/** With the usual prototype, and a key named __proto__ as a key. */
function plain(from: Record<string, unknown>): Record<string, unknown> {
  const made = {}
  for (const [key, inner] of Object.entries(from))
    Object.defineProperty(made, key, { value: inner, enumerable: true, configurable: true, writable: true })
  return made
}

test('what goes into the record comes out of it, whatever it is made of', () => {
  fc.assert(
    fc.property(value, (given) => {
      deepStrictEqual(throughTheRecord(given), given)
    }),
    { numRuns: 2000 },
  )
})

test('the same value is always recorded as the same text', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(encode(throughTheRecord(given))).toBe(encode(given))
    }),
    { numRuns: 500 },
  )
})

test('errors keep their class, message, cause and fields', () => {
  const cause = Object.assign(new RangeError('too far'), { metres: 3n })
  const error = Object.assign(new TypeError('wrong turn', { cause }), {
    at: new Date(5),
    parts: new Map([['a', 1]]),
  })
  const back = throughTheRecord(error) as typeof error
  expect(back).toBeInstanceOf(TypeError)
  expect(back).toStrictEqual(error)
  expect(back.cause).toBeInstanceOf(RangeError)
  expect(back.cause).toMatchObject({ message: 'too far', metres: 3n })
  expect(back.stack).toBe(error.stack)
  const several = throughTheRecord(
    new AggregateError([error, 'text', undefined], 'several'),
  ) as AggregateError
  expect(several).toBeInstanceOf(AggregateError)
  expect(several.errors).toStrictEqual([error, 'text', undefined])
  const ours = throughTheRecord(
    new ThroughlineError('some_code', { message: 'told', retryable: true, data: { n: 1 } }),
  ) as ThroughlineError
  expect(ours).toBeInstanceOf(ThroughlineError)
  expect(ours).toMatchObject({ code: 'some_code', retryable: true, data: { n: 1 }, message: 'told' })
})

test('what an error carries and the record cannot does not hide the error', () => {
  const error = Object.assign(new Error('socket closed'), {
    retry: () => {},
    socket: {} as Record<string, unknown>,
  })
  error.socket['self'] = error.socket
  expect(throughTheRecord(error)).toMatchObject({
    message: 'socket closed',
    retry: expect.stringContaining('a function'),
    socket: expect.stringContaining('a cycle'),
  })
})

test('functions, symbols, promises and cycles are refused with the path to them', () => {
  const loop: Record<string, unknown> = { a: {} }
  loop['a'] = { b: [loop] }
  const cases: readonly [unknown, string][] = [
    [() => {}, '$'],
    [{ a: [1, { f() {} }] }, '$.a[1].f'],
    [{ s: Symbol('s') }, '$.s'],
    [new Map([['k', Symbol('v')]]), '$.get(0)'],
    [new Set([1, () => {}]), '$.item(1)'],
    [{ p: Promise.resolve(1) }, '$.p'],
    [new WeakMap(), '$'],
    [loop, '$.a.b[0]'],
  ]
  for (const [given, path] of cases) {
    expect(() => encode(given)).toThrow(
      expect.objectContaining({ code: 'not_serializable', data: expect.objectContaining({ path }) }),
    )
  }
})

test('the same object in two places is no cycle', () => {
  const shared = { n: 1 }
  expect(throughTheRecord({ a: shared, b: [shared] })).toStrictEqual({ a: { n: 1 }, b: [{ n: 1 }] })
})

test('nesting beyond all measure is refused, not a crash', () => {
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = [deep]
  expect(() => encode(deep)).toThrow(expect.objectContaining({ code: 'not_serializable' }))
})

test('instances come out as what they say of themselves', () => {
  class Money {
    readonly amount = 5n
    readonly currency = 'EUR'
  }
  expect(throughTheRecord(new Money())).toStrictEqual({ amount: 5n, currency: 'EUR' })
  expect(throughTheRecord({ toJSON: () => ({ when: new Date(0) }) })).toStrictEqual({ when: new Date(0) })
})
