import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openStore } from '../app/index.ts'
import { bodyOf, GuardFailed, type Clock, type Log, type NewEvent } from '../log/index.ts'
import type { Hands } from '../run/index.ts'
import { SimulatedClock } from '../testing/clock.ts'
import { narrowed, task, type Boundary, type Narrowed } from '../task/index.ts'
import { boundaryBreached } from './events.ts'
import { boundaryOf, isBreach, type Need, type Reservation } from './limits.ts'

/** What a run of a task with this boundary is, to whoever makes its calls: one of several that share a store. */
function caller(
  log: Log,
  clock: Clock,
  boundary: Boundary,
  { id = 'run_1', above }: { id?: string; above?: Narrowed } = {},
) {
  const code = task({ name: 'caller', boundary, run: () => undefined })
  const noted: NewEvent[] = []
  const states = new Map<symbol, object>()
  const within = narrowed(code.boundary?.limits, above, { id, since: clock.now() })
  const hands = {
    log,
    task: code,
    run: { id, task: code.name },
    now: () => clock.now(),
    limits: () => within,
    patiently: (ask: () => Promise<unknown>) => ask(),
    alarm: (at: number, fire: () => void) => clock.at(at, fire),
    note: (event: NewEvent) => noted.push(event),
    shared(key: symbol, make: () => object) {
      const state = states.get(key) ?? make()
      states.set(key, state)
      return state
    },
  } as unknown as Hands // what limits ask of a run
  const limits = boundaryOf(hands)
  /** As whoever calls models and tools does it: the intent is committed, or reserved for anew. */
  const begin = async (need: Need): Promise<Reservation | string> => {
    for (;;) {
      const reserved = await limits.reserve(need)
      if (isBreach(reserved)) return reserved.what
      const { appends, unless } = reserved
      try {
        await log.commit({ appends, ...(unless ? { unless } : {}) })
        return reserved
      } catch (error) {
        if (!(error instanceof GuardFailed)) throw error
        reserved.release()
      }
    }
  }
  const end = async (reserved: Reservation, used: Parameters<Reservation['settled']>[0]) => {
    const appends = reserved.settled(used)
    if (appends.length > 0) await log.commit({ appends })
  }
  const row = async (ledger = id) => (await log.select('budgets', { where: { ledger } }))[0]
  const breaches = () => noted.map((event) => bodyOf(boundaryBreached, event as never))
  return { limits, within, begin, end, row, breaches }
}

const store = () => {
  const clock = new SimulatedClock(async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  })
  return { clock, log: openStore('memory:', { clock }) }
}
const ask = (tokens = 100, more: Partial<Need> = {}): Need => ({ kind: 'model', name: 'm', tokens, ...more })
const beganIn = (all: readonly (Reservation | string)[]) =>
  all.filter((one): one is Reservation => typeof one !== 'string')

test.each<[string, Boundary['budget'], Need, number]>([
  ['tokens', { tokens: 1050 }, ask(100), 10],
  ['costUsd', { costUsd: 0.5 }, ask(1, { costUsd: 0.12 }), 4],
  ['modelCalls', { modelCalls: 7 }, ask(), 7],
  ['toolCalls', { toolCalls: 1 }, { kind: 'tool', name: 'search' }, 1],
])(
  'of 20 branches on one budget of %s as many begin as fit, and the others are refused',
  async (what, budget, need, fit) => {
    const { clock, log } = store()
    const { begin, breaches } = caller(log, clock, { budget: budget ?? {} })
    const all = await Promise.all(Array.from({ length: 20 }, () => begin(need)))
    expect(beganIn(all).length).toBe(fit)
    expect(all.filter((one) => one === what).length).toBe(20 - fit)
    expect(breaches().length).toBe(20 - fit)
    const [one] = breaches()
    expect(one).toMatchObject({ what, by: 'run_1', operation: need.name, action: 'halt' })
    expect(Number(one?.actual)).toBeGreaterThan(Number(one?.limit))
    await log.close()
  },
)

test('what a call did not use is given back, and what nobody reported is not', async () => {
  const { clock, log } = store()
  const { begin, end, row } = caller(log, clock, { budget: { tokens: 1000, costUsd: 1 } })
  const [a, b, c] = beganIn(await Promise.all([1, 2, 3].map(() => begin(ask(300, { costUsd: 0.3 })))))
  expect(await begin(ask(300, { costUsd: 0.01 }))).toBe('tokens')
  await end(a as Reservation, { tokens: 10, costUsd: 0.01 })
  await end(b as Reservation, 'unknown')
  expect(await row()).toMatchObject({ tokens: 610, cost_micros: 610_000, held_tokens: 600, model_calls: 3 })
  // More than was reserved is told as it was: the record is never below what was spent.
  await end(c as Reservation, { tokens: 350, costUsd: 0.4 })
  expect(await row()).toMatchObject({
    tokens: 660,
    cost_micros: 710_000,
    held_tokens: 300,
    held_micros: 300_000,
  })
  expect(isBreachText(await begin(ask(340, { costUsd: 0.29 })))).toBe(false)
  expect(await begin(ask(1, { costUsd: 0 }))).toBe('tokens')
  await log.close()
})
const isBreachText = (one: unknown) => typeof one === 'string'

test('a reservation whose process died stands for whoever comes after', async () => {
  const { clock, log } = store()
  await caller(log, clock, { budget: { modelCalls: 2 } }).begin(ask())
  const next = caller(log, clock, { budget: { modelCalls: 2 } })
  expect(isBreachText(await next.begin(ask()))).toBe(false)
  expect(await next.begin(ask())).toBe('modelCalls')
  await log.close()
})

test('a budget of zero lets nothing pass', async () => {
  const { clock, log } = store()
  for (const [id, budget] of Object.entries({
    tokens: { tokens: 0 },
    costUsd: { costUsd: 0 },
    modelCalls: { modelCalls: 0 },
    duration: { duration: 0 },
  } as const))
    expect(await caller(log, clock, { budget }, { id }).begin(ask(1, { costUsd: 0.000_001 }))).toBe(id)
  expect(await log.position()).toBe(0)
  await log.close()
})

test('what cannot be told is too much, unless a price was declared for it', async () => {
  const { clock, log } = store()
  const { begin, breaches } = caller(log, clock, { budget: { costUsd: 5 } })
  expect(await begin(ask(100, { costUsd: 'unknown' }))).toBe('costUsd')
  expect(await begin(ask(100))).toBe('costUsd')
  expect(breaches()[0]).toMatchObject({ limit: 5, actual: 'unknown' })
  const counted = caller(log, clock, { budget: { tokens: 100 } }, { id: 'run_2' })
  expect(await counted.begin({ kind: 'model', name: 'm', costUsd: 0 })).toBe('tokens')

  const priced = caller(log, clock, { budget: { costUsd: 1, usdPerMillionTokens: 10 } }, { id: 'run_3' })
  const reserved = await priced.begin(ask(60_000, { costUsd: 'unknown' }))
  expect((reserved as Reservation).body).toEqual({ costUsd: 0.6, tokens: 60_000 })
  expect(await priced.begin(ask(60_000, { costUsd: 'unknown' }))).toBe('costUsd')
  await priced.end(reserved as Reservation, { tokens: 1000, costUsd: 'unknown' })
  expect(await priced.row()).toMatchObject({ cost_micros: 10_000, tokens: 1000 })
  await log.close()
})

test('tools: only those allowed, only as often, and only with effects that are', async () => {
  const { clock, log } = store()
  const { begin, breaches } = caller(log, clock, {
    tools: { allow: ['search', 'send'], limits: { search: 2 } },
    effects: ['read'],
  })
  const search: Need = { kind: 'tool', name: 'search', effect: 'read' }
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => begin(search)))
  expect([beganIn(all).length, all.filter((one) => one === 'tools').length]).toEqual([2, 3])
  expect(await begin({ ...search, name: 'delete' })).toBe('tools')
  expect(await begin({ ...search, name: 'send', effect: 'reversible' })).toBe('effects')
  expect(await begin({ kind: 'tool', name: 'send' })).toBe('effects')
  expect(breaches().at(-1)).toMatchObject({ what: 'effects', limit: ['read'], actual: 'irreversible' })
  await log.close()
})

test('a child spends what its caller has, and no more than it may itself', async () => {
  const { clock, log } = store()
  const parent = caller(log, clock, { budget: { tokens: 1000 }, tools: { allow: ['a', 'b'] } })
  const child = (id: string, boundary: Boundary) =>
    caller(log, clock, boundary, { id, ...(parent.within ? { above: parent.within } : {}) })
  const [narrow, wide] = [
    child('run_2', { budget: { tokens: 250 } }),
    child('run_3', { budget: { tokens: 5000 }, tools: { allow: ['b', 'c'] } }),
  ]
  const begun = await Promise.all(
    Array.from({ length: 12 }, (_, i) => (i % 2 ? narrow : wide).begin(ask(100))),
  )
  expect(beganIn(begun).length).toBe(8)
  expect((await narrow.row())?.['tokens']).toBe(200)
  expect(await wide.row()).toBeUndefined()
  expect(await parent.begin(ask(100))).not.toBe('tokens')
  expect(await parent.begin(ask(101))).toBe('tokens')
  expect(await wide.begin({ kind: 'tool', name: 'a' })).toBe('tools')
  expect(await wide.begin({ kind: 'tool', name: 'c' })).toBe('tools')
  expect(await wide.begin({ kind: 'tool', name: 'b' })).not.toBe('tools')
  await log.close()
})

test('a rate holds for any length of time, and for whoever comes after a crash', async () => {
  const { clock, log } = store()
  const rate = { calls: 3, per: '1m' }
  const begun: number[] = []
  const work = async ({ begin }: ReturnType<typeof caller>, calls: number) => {
    for (let i = 0; i < calls; i++) {
      await begin(ask())
      begun.push(clock.now())
    }
  }
  const first = [work(caller(log, clock, { rate }), 2), work(caller(log, clock, { rate }), 2)]
  await clock.advance('30s')
  expect(begun.length).toBe(3)
  // Another process: it knows only what the record says.
  const next = work(caller(log, clock, { rate }), 4)
  await clock.advance('5m')
  await Promise.all([...first, next])
  expect(begun.length).toBe(8)
  for (let i = 3; i < begun.length; i++)
    expect((begun[i] ?? 0) - (begun[i - 3] ?? 0)).toBeGreaterThanOrEqual(60_000)
  await log.close()
})

test('no more model calls are under way at once than may be, the others come in turn', async () => {
  const { clock, log } = store()
  const { begin, end } = caller(log, clock, { concurrency: 2 })
  let [now, most] = [0, 0]
  const work = async () => {
    const reserved = (await begin(ask())) as Reservation
    most = Math.max(most, ++now)
    await new Promise(setImmediate)
    now--
    await end(reserved, 'unknown')
    reserved.release() // once it is settled, this frees no second place
  }
  await Promise.all(Array.from({ length: 10 }, work))
  expect([now, most]).toEqual([0, 2])
  // A tool may call a model: it does not take the place that this one needs.
  const [a, b] = [await begin(ask()), await begin({ kind: 'tool', name: 't' })]
  expect([isBreachText(a), isBreachText(b)]).toEqual([false, false])
  await log.close()
})

test('when the time is up nothing begins any more, waiting for a place included', async () => {
  const { clock, log } = store()
  const { begin } = caller(log, clock, { budget: { duration: '1m' }, rate: { calls: 1, per: '2m' } })
  await begin(ask())
  const second = begin(ask())
  await clock.advance('3m')
  expect(await second).toBe('duration')
  await log.close()
})

test('whatever is reserved, settled and lost, by whichever of several, no ledger passes its limit, and rebuilding says the same', async () => {
  const call = fc.record({
    who: fc.nat(2),
    tokens: fc.integer({ min: 1, max: 60 }),
    isTool: fc.boolean(),
    used: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
      async (rounds) => {
        const { clock, log } = store()
        const top = caller(log, clock, { budget: { tokens: 200, toolCalls: 4 } })
        const above = top.within ? { above: top.within } : {}
        const low = caller(
          log,
          clock,
          { budget: { tokens: 90 }, tools: { limits: { t: 2 } } },
          { id: 'run_2', ...above },
        )
        const same = caller(log, clock, {}, { id: 'run_3', ...above })
        const callers = [top, low, same]
        let [sum, lowSum, tools, lowTools] = [0, 0, 0, 0]
        for (const round of rounds) {
          const done = await Promise.all(
            round.map(async ({ who, tokens, isTool, used }) => {
              const by = callers[who] ?? top
              const reserved = await by.begin(isTool ? { kind: 'tool', name: 't', tokens } : ask(tokens))
              return { reserved, tokens, used, isTool, isLow: by === low, by }
            }),
          )
          for (const { reserved, tokens, isTool, isLow } of done) {
            if (typeof reserved === 'string') continue
            sum += tokens
            if (isLow) lowSum += tokens
            if (isTool) tools++
            if (isTool && isLow) lowTools++
          }
          expect([sum <= 200, lowSum <= 90, tools <= 4, lowTools <= 2]).toEqual([true, true, true, true])
          for (const { reserved, tokens, used, isLow, by } of done) {
            if (typeof reserved === 'string' || used === null) continue
            const spent = Math.floor(tokens * used)
            await by.end(reserved, { tokens: spent })
            sum -= tokens - spent
            if (isLow) lowSum -= tokens - spent
          }
          expect([(await top.row())?.['tokens'] ?? 0, (await low.row())?.['tokens'] ?? 0]).toEqual([
            sum,
            lowSum,
          ])
        }
        const rows = () =>
          Promise.all(['budgets', 'budget_tools'].map((table) => log.select(table, { order: ['ledger'] })))
        const before = await rows()
        await log.rebuild()
        expect(await rows()).toEqual(before)
        await log.close()
      },
    ),
    { numRuns: 40 },
  )
})
