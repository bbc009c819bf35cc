/** What somebody may hand in who means harm, or generates rules: each is answered, and soon. */
import { describe, expect, test } from 'vitest'
import { compileRule, evaluate, RuleInvalid, type Verdict } from './index.ts'

const limitMs = 5_000 // generous: two cores are shared with others
function soon<T>(work: () => T): T {
  const from = process.threadCpuUsage().user
  const result = work()
  expect((process.threadCpuUsage().user - from) / 1000).toBeLessThan(limitMs)
  return result
}
const refused = (condition: string, message: RegExp): void => {
  expect(() => soon(() => compileRule({ target: 'x', forbid: condition }))).toThrow(RuleInvalid)
  expect(() => compileRule({ target: 'x', forbid: condition })).toThrow(message)
}
const forbid = (condition: string, value: unknown): Verdict => {
  const rule = compileRule({ target: 'x', forbid: condition })
  return soon(() => evaluate(rule, value))
}
const tooCostly = {
  outcome: 'failed',
  reason: 'too_costly',
  message: expect.stringContaining('more than 100,000 steps') as string,
}

describe('conditions', () => {
  test('of a megabyte', () =>
    refused(`value == '${'a'.repeat(1_000_000)}'`, /1000011 characters; 10000 is the most/))
  test('nested 100 deep', () => {
    for (const [open, close] of [
      ['(', ')'],
      ['[', ']'],
      ['{1: ', '}'],
      ['size(', ')'],
    ] as const) {
      const condition = `${open.repeat(100)}value${close.repeat(100)} == 1`
      if (open === '(') expect(compileRule({ target: 'x', forbid: condition }).kind).toBe('forbid')
      else refused(condition, /nested more than 60 deep/)
    }
    refused(`value${'.a'.repeat(100)} == 1`, /nested more than 60 deep/)
  })
  test('nested 4,000 deep', () => refused('['.repeat(4000) + ']'.repeat(4000), /nested too deeply|no CEL/))
  test('with thousands of alternatives', () => {
    const condition = Array.from({ length: 550 }, (_, i) => `value.n == ${i}`).join(' || ')
    expect(forbid(condition, { n: 549 })).toMatchObject({ outcome: 'violated', parts: [{ text: 'n' }] })
  })
  test('of names the language gives a meaning to elsewhere', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'process', 'globalThis', '@result', 'this']) {
      expect(() => compileRule({ target: 'x', forbid: `${name} == 1` }), name).toThrow(RuleInvalid)
    }
  })
  test('that never end, or are not text', () => {
    for (const condition of [
      "'",
      '"""',
      'b"',
      '\u0000',
      '\ud800',
      '//',
      'value.',
      'value[',
      '0x',
      '1e999999',
    ]) {
      try {
        compileRule({ target: 'x', forbid: condition })
      } catch (error) {
        expect(error).toBeInstanceOf(RuleInvalid)
      }
    }
  })
})

describe('regular expressions', () => {
  test('that explode elsewhere take linear time', () => {
    const text = { text: `${'a'.repeat(5000)}b` }
    for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*)*x']) {
      expect(forbid(`value.text.matches('${pattern}')`, text)).toEqual({ outcome: 'holds' })
    }
  })
  test('with repeats of repeats are too costly over a long text', () => {
    const condition = "value.text.matches('((a?){30}){30}c')"
    expect(forbid(condition, { text: 'a'.repeat(1000) })).toMatchObject(tooCostly)
    expect(forbid(condition, { text: 'aac' }).outcome).toBe('violated')
  })
  test('that RE2 does not have are refused', () =>
    refused("value.matches('(a)\\\\1')", /no regular expression/))
})

describe('values', () => {
  const million = Array.from({ length: 1_000_000 }, (_, i) => ({ n: i }))
  test('a list of a million elements: walked no further than the limit, but its size and its head can be asked', () => {
    expect(forbid('value.list.exists(v, v.n == -1)', { list: million })).toMatchObject(tooCostly)
    expect(forbid('value.list.size() > 100 && value.list[0].n == 0', { list: million }).outcome).toBe(
      'violated',
    )
  })
  test('loops within loops count as their product', () => {
    const list = million.slice(0, 1000)
    expect(forbid('value.list.exists(a, value.list.exists(b, a.n == b.n + 1000))', { list })).toMatchObject(
      tooCostly,
    )
    expect(forbid('value.list.exists(a, a.n == 999)', { list })).toMatchObject({
      parts: [{ text: 'list[999].n' }],
    })
  })
  test('a list that a rule makes itself counts as well', () => {
    const list = million.slice(0, 5000)
    expect(forbid('value.list.map(a, a.n).exists(n, n < 0)', { list })).toMatchObject(tooCostly)
    const doubling = 'value.text.map(t, t + t + t + t + t + t + t + t).exists(t, t.contains("x"))'
    expect(forbid(doubling, { text: Array.from({ length: 900 }, () => 'a'.repeat(10_000)) })).toMatchObject(
      tooCostly,
    )
  })
  test('comparing large values counts their size', () => {
    const tree = (depth: number): unknown => (depth === 0 ? [1, 2] : [tree(depth - 1), tree(depth - 1)])
    expect(forbid('value.a == value.b', { a: tree(18), b: tree(18) })).toMatchObject(tooCostly)
    expect(forbid('value.a == value.b', { a: tree(5), b: tree(5) }).outcome).toBe('violated')
  })
  test('a value within itself', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop['self'] = loop
    expect(forbid("value.self.self.self.name == 'loop'", loop).outcome).toBe('violated')
    expect(forbid('value.self == value', loop)).toMatchObject(tooCostly)
  })
  test('a list said to be endless', () => {
    const list: unknown[] = []
    list.length = 4_000_000_000
    expect(forbid('value.list.exists(v, v == 1)', { list })).toMatchObject(tooCostly)
  })
  test('deeper than the stack', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(['holds', 'failed']).toContain(forbid('value.a == value.b', { a: deep, b: [2] }).outcome)
  })
  test('prototype names are fields like others', () => {
    const value = JSON.parse('{"__proto__": {"admin": true}, "hasOwnProperty": 1}') as unknown
    expect(forbid('value.__proto__.admin && value.hasOwnProperty == 1', value).outcome).toBe('violated')
    expect(forbid('value.admin', value).outcome).toBe('not_applicable')
  })
  test.each([null, 5, 'text', [], true])('%j where an object is expected', (value) => {
    expect(['failed', 'not_applicable']).toContain(forbid('value.a.b == 1', value).outcome)
  })
})
