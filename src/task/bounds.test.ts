import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compensate, halt, retry } from '../recovery/ladder.ts'
import type { Boundary } from './boundary.ts'
import { boundsOf, type DeclaredLimits } from './bounds.ts'
import { task } from './define.ts'
import { hostOf, isAtHost, type Host } from './host.ts'
import { narrowed } from './narrowing.ts'

const declare = (boundary: unknown) => () =>
  task({ name: 'declared', boundary: boundary as Boundary, run: () => undefined })

test.each<[string, unknown]>([
  ['budget.costUsd', { budget: { costUsd: -1 } }],
  ['budget.costUsd', { budget: { costUsd: Number.NaN } }],
  ['budget.costUsd', { budget: { costUsd: '5' } }],
  ['budget.tokens', { budget: { tokens: 1.5 } }],
  ['budget.cost', { budget: { cost: 5 } }],
  ['budget.duration', { budget: { duration: 'soon' } }],
  ['budget', { budget: 5 }],
  ['boundary.budgets', { budgets: {} }],
  ['boundary', 'strict'],
  ['boundary', null],
  ['tools.allow', { tools: { allow: 'search' } }],
  ['tools.limits.search', { tools: { limits: { search: 'twice' } } }],
  ['effects', { effects: ['write'] }],
  ['egress.allowHosts', { egress: {} }],
  ['egress.allowHosts', { egress: { allowHosts: ['https://api.example.com/v1'] } }],
  ['egress.allowHosts', { egress: { allowHosts: ['*'] } }],
  ['egress.allowHosts', { egress: { allowHosts: ['user@example.com'] } }],
  ['egress.allowHosts', { egress: { allowHosts: ['*.10.0.0.1'] } }],
  ['concurrency', { concurrency: 0 }],
  ['rate', { rate: { calls: 5 } }],
  ['rate.per', { rate: { calls: 5, per: 0 } }],
  ['rate.calls', { rate: { calls: 1e6, per: '1m' } }],
  ['confidence.minimum', { confidence: { minimum: 80 } }],
  ['invariants.adds', { invariants: { adds: true } }],
  ['invariants.adds.when', { invariants: { adds: { when: 'x', holds: () => true } } }],
  ['context.maxTokens', { context: { maxTokens: 0 } }],
  ['onBreach.costs', { onBreach: { costs: halt() } }],
  ['onBreach.duration', { onBreach: { duration: retry() } }],
])('a boundary that cannot be understood is refused by name: %s', (field, boundary) => {
  try {
    declare(boundary)()
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_boundary', data: { task: 'declared', field } })
    expect((error as Error).message).toContain(field)
    return
  }
  throw new Error('it was accepted')
})

test('a way out that is none is refused as ladders are', () => {
  expect(declare({ onBreach: { tokens: 'halt' } })).toThrow(expect.objectContaining({ code: 'bad_recovery' }))
  expect(declare({ onBreach: { duration: compensate(), tokens: retry().then(halt()) } })).not.toThrow()
})

test('a budget of zero is one', () => {
  const { limits } = boundsOf('t', { budget: { costUsd: 0, tokens: 0, modelCalls: 0, duration: 0 } })
  expect(limits).toEqual({ counts: { cost_micros: 0, tokens: 0, model_calls: 0 }, durationMs: 0 })
})

test('money is counted in whole millionths, and a limit is never rounded up', () => {
  const micros = (costUsd: number) => boundsOf('t', { budget: { costUsd } }).limits.counts.cost_micros
  expect([micros(0.1), micros(0.29), micros(1.005), micros(0.000_000_9)]).toEqual([
    100_000, 290_000, 1_005_000, 0,
  ])
})

const hosts = (...texts: string[]) => texts.map((text) => hostOf(text) as Host)

test.each([
  ['https://api.example.com/v1', true],
  ['https://API.Example.COM./v1', true],
  ['http://api.example.com', true],
  ['https://api.example.com:8443', false],
  ['https://api.example.com.evil.com', false],
  ['https://api.example.com@evil.com', false],
  ['https://evil.com/https://api.example.com', false],
  ['https://sub.api.example.com', false],
  ['https://a.b.wild.org', true],
  ['https://wild.org', false],
  ['https://notwild.org', false],
  ['http://localhost:11434', true],
  ['http://localhost', false],
  ['http://127.0.0.1', true],
  ['http://0x7f.1', true],
  ['http://2130706433', true],
  ['http://[::1]:8080', true],
  ['http://[0:0:0:0:0:0:0:1]:8080', true],
  ['http://[::ffff:127.0.0.1]', false],
  ['https://bücher.example', true],
  ['https://xn--bcher-kva.example', true],
  ['ftp://api.example.com', false],
  ['file:///etc/passwd', false],
  ['https://only.https.example', true],
  ['http://only.https.example', false],
])('%s is at an allowed host: %s', (url, isAllowed) => {
  const allowed = hosts(
    'api.example.com',
    '*.wild.org',
    'localhost:11434',
    '127.0.0.1',
    '[::1]:8080',
    'bücher.example',
    'https://only.https.example',
  )
  expect(isAtHost(new URL(url), allowed)).toBe(isAllowed)
})

test('a child can only narrow what its caller may, whatever each declares', () => {
  const count = fc.option(fc.nat(20), { nil: undefined })
  const names = fc.option(fc.subarray(['a', 'b', 'c']), { nil: undefined })
  const declared = fc
    .record({ tokens: count, steps: count, search: count, tools: names, duration: count })
    .map(
      ({ tokens, steps, search, tools, duration }): DeclaredLimits =>
        boundsOf('t', {
          budget: { tokens, steps, duration },
          tools: { allow: tools, ...(search === undefined ? {} : { limits: { search } }) },
        }).limits,
    )
  fc.assert(
    fc.property(fc.array(declared, { minLength: 1, maxLength: 5 }), (line) => {
      let within: ReturnType<typeof narrowed>
      for (const [i, own] of line.entries()) {
        const above = within
        within = narrowed(own, above, { id: `run_${i}`, since: 0 })
        const least = (of: (limits: DeclaredLimits) => number | undefined) =>
          Math.min(...line.slice(0, i + 1).map((one) => of(one) ?? Infinity))
        const kept = (of: (ledger: NonNullable<typeof within>['ledgers'][number]) => number | undefined) =>
          Math.min(...(within?.ledgers ?? []).map((one) => of(one) ?? Infinity))
        expect(kept((one) => one.counts.tokens)).toBe(least((one) => one.counts.tokens))
        expect(kept((one) => one.counts.steps)).toBe(least((one) => one.counts.steps))
        expect(kept((one) => one.callsOf?.['search'])).toBe(least((one) => one.callsOf?.['search']))
        expect(within?.until?.at ?? Infinity).toBe(least((one) => one.durationMs))
        const lists = line.slice(0, i + 1).flatMap(({ tools }) => (tools ? [tools] : []))
        const all =
          lists.length > 0
            ? ['a', 'b', 'c'].filter((name) => lists.every((one) => one.includes(name)))
            : undefined
        expect(within?.tools?.toSorted()).toEqual(all)
        // What was handed down stays: ledgers are added, never changed.
        expect(within?.ledgers.slice(0, above?.ledgers.length ?? 0)).toEqual(above?.ledgers ?? [])
      }
    }),
  )
})

test('a task that calls itself keeps one ledger, however deep', () => {
  const { limits } = boundsOf('t', { budget: { tokens: 100 }, rate: { calls: 2, per: '1m' }, concurrency: 1 })
  let within = narrowed(limits, undefined, { id: 'run_0', since: 0 })
  for (let i = 1; i < 100; i++) within = narrowed(limits, within, { id: `run_${i}`, since: 0 })
  expect(within?.ledgers.map(({ run }) => run)).toEqual(['run_0'])
})
