import { describe, expect, test } from 'vitest'
import { compileRule, evaluate, Reading, type Verdict } from './index.ts'

const value = {
  total: 150.5,
  note: null,
  gone: undefined,
  vendors: [
    { name: 'acme', price: 10 },
    { name: 'bolt', price: 200, tags: ['cheap', 'x'] },
  ],
  byName: new Map([['acme', { price: 3 }]]),
}
const forbid = (condition: string, given: unknown = value, schema?: object): Verdict =>
  evaluate(compileRule({ target: 'x', forbid: condition }, schema), given)
const requiring = (condition: string, given: unknown = value): Verdict =>
  evaluate(compileRule({ target: 'x', require: condition }), given)
const parts = (verdict: Verdict): readonly string[] =>
  verdict.outcome === 'violated' ? verdict.parts.map(({ text }) => text) : [verdict.outcome]

describe('what offends is named', () => {
  test.each([
    ["value.vendors.exists(v, v.name == 'acme')", ['vendors[0].name']],
    ["value.vendors.exists(v, v.price > 100 && v.name != 'acme')", ['vendors[1].price', 'vendors[1].name']],
    ['value.vendors.exists(v, v.price > 100 || v.price < 20)', ['vendors[0].price', 'vendors[1].price']],
    [
      "value.vendors.exists(v, has(v.tags) && v.tags.exists(t, t == 'x'))",
      ['vendors[1].tags', 'vendors[1].tags[1]'],
    ],
    ['value.vendors.exists_one(v, v.price > 100)', ['vendors[1].price']],
    ['size(value.vendors.filter(v, v.price > 100)) > 0', ['vendors[1].price']],
    ['!value.vendors.all(v, v.price > 100)', ['vendors[0].price']],
    ["value.vendors[1].name == 'bolt'", ['vendors[1].name']],
    ["value['total'] > 100", ['total']],
    ["value.byName.exists(k, k == 'acme')", ['byName.acme']],
    ["value.byName['acme'].price == 3", ['byName.acme.price']],
    ['value.total > 100 ? value.vendors.size() == 2 : false', ['vendors']],
    ['!has(value.waiver)', ['waiver']],
    ['true', []],
  ])('%s', (condition, expected) => {
    expect(parts(forbid(condition))).toEqual(expected)
  })

  test('of a requirement, what does not meet it', () => {
    expect(parts(requiring('value.vendors.all(v, v.price < 100)'))).toEqual(['vendors[1].price'])
    expect(parts(requiring("value.vendors.exists(v, v.name == 'zeta')"))).toEqual(['vendors'])
    expect(requiring('value.total > 100')).toEqual({ outcome: 'holds' })
  })

  test('a path is given in pieces too', () => {
    expect(forbid("value.vendors.exists(v, v.name == 'acme')")).toEqual({
      outcome: 'violated',
      parts: [{ path: ['vendors', 0, 'name'], text: 'vendors[0].name' }],
    })
  })
})

describe('a path that is not there is neither a violation nor a pass', () => {
  test.each([
    ['value.nope == 1', 'nope'],
    ['value.gone == 1', 'gone'],
    ['value.nope.deeper == 1', 'nope'],
    ['value.note.deeper == 1', 'note.deeper'],
    ['value.vendors[7].name == "x"', 'vendors[7]'],
    ['value.vendors.exists(v, v.tags.size() > 5)', 'vendors[0].tags'],
    ['value.note.exists(n, n == 1)', 'note'],
    ['value.toString == "x"', 'toString'],
    ['value.constructor.name == "Object"', 'constructor'],
    ['value.__proto__.x == 1', '__proto__'],
  ])('%s', (condition, path) => {
    for (const verdict of [forbid(condition), requiring(condition)]) {
      expect(verdict).toMatchObject({ outcome: 'not_applicable', absent: [{ text: path }] })
    }
  })

  test('unless the rest decides', () => {
    expect(forbid('value.nope == 1 || value.total > 100').outcome).toBe('violated')
    expect(forbid('value.nope == 1 && value.total < 100').outcome).toBe('holds')
    expect(forbid('has(value.nope) && value.nope == 1').outcome).toBe('holds')
    expect(requiring('value.vendors.all(v, v.tags.size() > 5)').outcome).toBe('violated')
  })

  test('the whole value included; a rule that does not read it still counts', () => {
    const absent = evaluate(compileRule({ target: 'x', forbid: 'value.total > 1' }), undefined)
    expect(absent).toEqual({ outcome: 'not_applicable', absent: [{ path: [], text: 'value' }] })
    expect(evaluate(compileRule({ target: 'x', forbid: 'true' }), undefined).outcome).toBe('violated')
  })
})

describe('any other error fails closed', () => {
  test.each([
    ['value.note > 1', 'note'],
    ['value.total.x == 1', 'total.x'],
    ["value.total > 'a' || value.nope == 1", 'total'],
    ['value.vendors.exists(v, v.name > 5 || v.nope == 1)', 'vendors[0].name'],
    ['1 / 0 == value.total', 'divide by zero'],
    // What should be true or false is not, beside a path that is absent: the absence must not hide it.
    ['value.vendors[0].name && value.nope == 1', 'vendors[0].name: neither true nor false'],
    ['value.vendors.exists(v, v.name || v.nope == 1)', 'vendors[0].name: neither true nor false'],
    ['value.total ? true : value.nope', 'total: neither true nor false'],
    ['value.vendors.exists(v, v.nope == 1 && v.price == 1 / 0)', 'divide by zero'],
    ['int(value.vendors[0].name) == 1', 'vendors[0].name'],
  ])('%s', (condition, message) => {
    const verdict = forbid(condition)
    expect(verdict).toMatchObject({ outcome: 'failed', reason: 'error' })
    expect(verdict.outcome === 'failed' && verdict.message).toContain(message)
  })

  test('an answer that is no yes or no', () => {
    expect(forbid('value.total')).toMatchObject({ outcome: 'failed', reason: 'not_boolean' })
  })
})

describe('values beyond JSON', () => {
  const rich = {
    at: new Date('2026-03-01T12:00:00Z'),
    big: 2n ** 60n,
    map: new Map<unknown, string>([
      [1, 'one'],
      ['k', 'text'],
      [true, 'yes'],
    ]),
    set: new Set(['a', 'b']),
    url: new URL('https://acme.example/x'),
    bytes: new Uint8Array([1, 2]),
    money: { toJSON: () => ({ amount: 5 }) },
    bare: Object.assign(Object.create(null) as object, { x: 1 }),
    constructor: 'own',
  }
  test.each([
    "value.at > timestamp('2026-01-01T00:00:00Z') && value.at.getMonth() == 2 && value.at.getHours() == 12",
    'value.big == 1152921504606846976 && value.big > 1',
    "value.map[1] == 'one' && value.map['k'] == 'text' && value.map[true] == 'yes' && value.map.size() == 3",
    "'a' in value.set && value.set.size() == 2 && value.set.exists(s, s == 'b')",
    "value.url == 'https://acme.example/x'",
    "value.bytes == b'\\x01\\x02'",
    'value.money.amount == 5',
    'value.bare.x == 1',
    "value.constructor == 'own'",
    "timestamp(0) == timestamp('1970-01-01T00:00:00Z') && timestamp(60) == timestamp('1970-01-01T00:01:00Z')",
  ])('%s', (condition) => {
    expect(requiring(condition, rich)).toEqual({ outcome: 'holds' })
  })

  test('numbers meet literals as people expect, with and without a fraction', () => {
    for (const total of [150, 150.5]) {
      for (const condition of [
        'value.total > 100',
        'value.total * 2 >= 300',
        'value.total / 2 > 70',
        'value.total + 1 > 151 - 1',
        'value.total % 100 >= 50',
        'value.total != 100',
      ]) {
        expect(requiring(condition, { total }), condition).toEqual({ outcome: 'holds' })
      }
    }
    expect(requiring('value.n == 4 && value.n % 2 == 0', { n: 4 })).toEqual({ outcome: 'holds' })
  })

  test('an integer by its schema is an int: halves are cut off', () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' }, list: { type: 'array', items: { type: 'integer' } } },
    }
    expect(forbid('value.n / 2 == 2 && type(value.n) == int', { n: 5 }, schema).outcome).toBe('violated')
    expect(parts(forbid('value.list.exists(n, n / 2 == 2)', { list: [1, 5] }, schema))).toEqual(['list[1]'])
    expect(forbid('value.n / 2 == 2.5', { n: 5 }).outcome).toBe('violated')
  })

  test('null is as good as absent to has(), and can be asked for', () => {
    expect(forbid('has(value.note)').outcome).toBe('holds')
    expect(forbid('value.note == null').outcome).toBe('violated')
  })

  test.each([
    ['a function', { f: () => 1 }],
    ['a Date that is no time', { f: new Date(NaN) }],
    [
      'a getter that throws',
      {
        get f(): never {
          throw new Error('no')
        },
      },
    ],
    [
      'a toJSON that throws',
      {
        f: {
          toJSON: () => {
            throw new Error('no')
          },
        },
      },
    ],
    ['a promise', { f: Promise.resolve(1) }],
  ])('%s cannot be asked: closed, and without a throw', (_what, given) => {
    expect(forbid('value.f == 1 || value.f.size() > 1', given)).toMatchObject({
      outcome: 'failed',
      reason: 'unreadable',
    })
  })

  test('a Map with an object for a key has no keys to speak of', () => {
    const given = { f: new Map([[{}, 1]]) }
    expect(forbid('value.f.size() > 1', given)).toMatchObject({ outcome: 'failed' })
    expect(forbid('value.f.exists(k, k == 1)', given)).toMatchObject({
      outcome: 'failed',
      reason: 'unreadable',
    })
  })
})

test('several rules share one reading of a value', () => {
  let reads = 0
  const reading = new Reading({
    get total() {
      reads++
      return 5
    },
  })
  for (const n of [1, 2, 3])
    expect(evaluate(compileRule({ target: 'x', forbid: `value.total == ${n}` }), reading).outcome).toBe(
      'holds',
    )
  expect(reads).toBeLessThanOrEqual(4)
})
