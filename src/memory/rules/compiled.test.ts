import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileRule, RuleInvalid, type Rule } from './index.ts'

const schema = z.toJSONSchema(
  z.object({
    total: z.number(),
    count: z.int(),
    note: z.string().nullable(),
    due: z.iso.datetime(),
    vendors: z.array(z.object({ name: z.string(), price: z.number().optional(), tags: z.array(z.string()) })),
    extra: z.record(z.string(), z.boolean()),
    anything: z.unknown(),
    choice: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('buy'), price: z.number() }),
      z.object({ kind: z.literal('build'), weeks: z.int() }),
    ]),
  }),
  { io: 'input' },
)

function problemsOf(rule: unknown, given: object | undefined = schema): readonly string[] {
  try {
    compileRule(rule as Rule, given)
    return []
  } catch (error) {
    if (!(error instanceof RuleInvalid)) throw error
    expect(error.code).toBe('rule_invalid')
    return error.message.split('\n').slice(1)
  }
}
const forbidding = (condition: string) => problemsOf({ target: 'x', forbid: condition })

describe('a condition that fits its schema is taken', () => {
  test.each([
    "value.vendors.exists(v, v.name == 'acme')",
    'value.total > 100',
    'value.count % 2 == 1 && value.count / 2 > 1.5',
    'value.note == null || value.note.size() > 3',
    "timestamp(value.due) < timestamp('2030-01-01T00:00:00Z')",
    "value.due == '2030-01-01T00:00:00Z'",
    'value.extra.approved',
    'value.anything.goes[3].deep',
    "value.choice.kind == 'buy' && value.choice.price > 5",
    "value['total'] > 1",
    "has(value.note) ? value.vendors.all(v, v.tags.exists(t, t.startsWith('a'))) : true",
    'value.vendors.filter(v, has(v.price)).map(v, v.price * 2).exists(p, p > 100)',
    'type(value.total) == double',
    'true',
  ])('%s', (condition) => {
    expect(forbidding(condition)).toEqual([])
  })
})

describe('a condition that cannot work is refused, with the place', () => {
  test.each([
    ["value.vendros.exists(v, v.name == 'x')", 6, 'value has no field "vendros"; it has total, count, note'],
    ["value.vendors.exists(v, v.nmae == 'x')", 26, 'v has no field "nmae"; it has name, price, tags.'],
    ['value.choice.cost > 1', 13, 'value.choice has no field "cost"; it has kind, price, weeks.'],
    ["value.total == 'x'", 13, 'a number is never equal to text.'],
    ["value.total > 'x'", 13, '> does not take a number and text.'],
    ['value.total in ["a"]', 13, 'a number is never among text.'],
    ["value['totl'] > 1", 6, 'value has no field "totl"'],
    ['value.vendors.name == "x"', 14, 'value.vendors is a list: it has no field "name".'],
    ['value.total.exists(v, true)', 6, 'exists goes through a list or a map, and value.total is a number.'],
    ['value.total', 6, 'a rule answers yes or no, and this is a number.'],
    [
      'value.vendors.exists(v, v.name)',
      26,
      'exists asks each element something true or false, and this is text.',
    ],
    ['!value.total', 7, '! turns what is true or false, and this is a number.'],
    ['value.total && true', 6, '&& joins what is true or false, and this is a number.'],
    ['vlue.total > 1', 1, 'there is no "vlue" here; a condition speaks of value.'],
    ['value.note.lower() == "a"', 11, 'there is no function "lower"'],
    ['size(value.total) > 1', 1, 'size does not take a number.'],
    ['value.note.matches(value.note)', 25, 'the pattern of matches has to be written in the rule.'],
    ['value.note.matches("(a")', 20, 'this is no regular expression (RE2)'],
    ['value.total >', 13, 'this is no CEL'],
    ['google.protobuf.Duration{seconds: 1} == value.anything', 1, 'rules have no type'],
    ['[[[1]]].exists(a, a.exists(b, b.exists(c, c == 1)))', 32, 'loops are nested more than 2 deep'],
  ])('%s', (condition, column, message) => {
    const [first = '', ...others] = forbidding(condition)
    expect(first).toContain(`column ${column} `)
    expect(first).toContain(message)
    expect(others).toEqual([])
  })
})

test('every problem of a condition is named at once, on its line', () => {
  const problems = forbidding("value.total > 'x' ||\n  value.nope == 1")
  expect(problems).toHaveLength(2)
  expect(problems[0]).toContain('line 1, column 13')
  expect(problems[1]).toContain('line 2, column 8')
})

test.each([
  [null, 'a rule is an object'],
  [{ target: '', forbid: 'true' }, 'target is the name'],
  [{ target: 'x' }, 'give forbid (what must never hold) or require (what must hold), exactly one'],
  [{ target: 'x', forbid: 'true', require: 'true' }, 'exactly one'],
  [{ target: 'x', forbid: ' ' }, 'the condition is CEL over value'],
  [{ target: 'x', forbid: 7 }, 'the condition is CEL over value'],
  [{ target: 'x', forbid: 'true', effect: 'stop' }, 'effect is one of deny, warn, require_justification'],
  [{ target: 'x', forbids: 'true' }, 'it has no part "forbids"'],
])('%j is no rule: %s', (rule, message) => {
  expect(problemsOf(rule).join()).toContain(message)
})

test('a rule denies unless told', () => {
  expect(compileRule({ target: 'x', forbid: 'true' }).effect).toBe('deny')
  expect(compileRule({ target: 'x', require: 'true', effect: 'warn' })).toMatchObject({
    effect: 'warn',
    kind: 'require',
  })
})

test('without a schema fields are not checked, and types that are written still are', () => {
  expect(compileRule({ target: 'x', forbid: 'value.what.ever == 1' }).kind).toBe('forbid')
  expect(() => compileRule({ target: 'x', forbid: "value.what > 1 && 1 > 'a'" })).toThrow(RuleInvalid)
  expect(problemsOf({ target: 'x', forbid: 'value.what.ever == 1' }, {})).toEqual([])
})

test('a schema that refers to itself, or says nothing, leaves open what it must', () => {
  const tree = {
    $ref: '#/$defs/node',
    $defs: { node: { properties: { name: { type: 'string' }, next: { $ref: '#/$defs/node' } } } },
  }
  expect(problemsOf({ target: 'x', forbid: 'value.next.next.next.name == "a"' }, tree)).toEqual([])
  expect(problemsOf({ target: 'x', forbid: 'value.next.next.nme == "a"' }, tree)[0]).toContain(
    'it has name, next',
  )
  expect(problemsOf({ target: 'x', forbid: 'value.a.b' }, { $ref: '#' })).toEqual([])
  expect(problemsOf({ target: 'x', forbid: 'value.a.b' }, { $ref: 'https://elsewhere.example/s' })).toEqual(
    [],
  )
  const both = {
    allOf: [{ properties: { a: { type: 'number' } } }, { properties: { b: { type: 'number' } } }],
  }
  expect(problemsOf({ target: 'x', forbid: 'value.a > value.b' }, both)).toEqual([])
  expect(problemsOf({ target: 'x', forbid: 'value.c > 1' }, both)[0]).toContain('it has a, b')
})
