import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openStore } from '../../app/index.ts'
import { SimulatedClock } from '../../testing/index.ts'
import { reroute, type Way } from '../../testing/reroute.ts'
import type { Failure, FailureMode } from '../modes.ts'
import { after, CLOSED, leftMs, lets, type Circuit } from './circuit.ts'
import { breakerOf } from './breaker.ts'

const failed = (mode: FailureMode = 'provider_outage'): Failure => ({
  mode,
  isTransient: true,
  evidence: { name: 'AI_APICallError', message: 'Ada Lovelace, 7 Hill St', status: 503 },
})

const ask: Way = (read) => read()

/** One store, and processes that come and go: each has its own memory of the breakers. */
function site() {
  const clock = new SimulatedClock(() => Promise.resolve())
  const log = openStore('memory:', { clock })
  const process = (name = 'model/a') => breakerOf(reroute(log, { ask }), name, () => clock.now())
  return { clock, log, process }
}

test('five failures in a row open it, for every process and after a restart; other answers do not', async () => {
  const { clock, log, process } = site()
  const one = process()
  for (let n = 0; n < 4; n++) await one.after(failed())
  await one.after(failed('malformed_output')) // an answer: it is there
  for (let n = 0; n < 4; n++) await one.after(failed())
  expect(await one.before()).toBeUndefined()
  await one.after(failed())
  const refusal = await one.before()
  expect(refusal).toMatchObject({ mode: 'provider_outage', isTransient: true, retryAfterMs: 5000 })
  expect(refusal?.evidence).toMatchObject({ code: 'circuit_open', message: /failed 5 times in a row.*503/ })
  expect(await process().before()).toMatchObject({ mode: 'provider_outage' })
  expect(await process('tool/b').before()).toBeUndefined()
  clock.jump(clock.now() + 4999)
  expect(await process().before()).toMatchObject({ retryAfterMs: 1 })
  const [event] = await log.eventsAt([1])
  expect(event?.body).not.toContain('Ada')
  await log.close()
})

test('when its pause is over one call is made to see, of however many; it closes, or is left alone for longer', async () => {
  const { clock, log, process } = site()
  const [one, other] = [process('tool/x'), process('tool/x')]
  for (let n = 0; n < 5; n++) await one.after(failed('tool_failure'))
  expect(await other.before()).toMatchObject({ mode: 'tool_failure' })
  clock.jump(clock.now() + 5000)
  const asked = await Promise.all(
    [one, other, one, other, process('tool/x')].map((breaker) => breaker.before()),
  )
  expect(asked.filter((refusal) => refusal === undefined)).toHaveLength(1)
  await one.after(failed('tool_failure'))
  expect(await one.before()).toMatchObject({ retryAfterMs: 10_000 })
  clock.jump(clock.now() + 10_000)
  const again = await Promise.all(
    [one, other].map(async (breaker) => ({ breaker, is: await breaker.before() })),
  )
  const [trial] = again.filter(({ is }) => is === undefined)
  await trial?.breaker.after(undefined)
  expect(await process('tool/x').before()).toBeUndefined()
  clock.jump(clock.now() + 1000)
  expect(await Promise.all([one.before(), other.before()])).toEqual([undefined, undefined])
  await log.close()
})

test('a call to see whose process died is made by another, later', async () => {
  const { clock, log, process } = site()
  const one = process()
  for (let n = 0; n < 5; n++) await one.after(failed())
  clock.jump(clock.now() + 5000)
  expect(await one.before()).toBeUndefined()
  const other = process()
  expect(await other.before()).toMatchObject({ retryAfterMs: 120_000 })
  clock.jump(clock.now() + 120_001)
  expect(await other.before()).toBeUndefined()
  await log.close()
})

test('failures of several processes are counted together, and a crash forgets a second of them at most', async () => {
  const { clock, log, process } = site()
  for (let n = 0; n < 5; n++) {
    await process().after(failed()) // and it dies
    clock.jump(clock.now() + 1000)
  }
  expect(await process().before()).toMatchObject({ mode: 'provider_outage' })
  await log.close()
})

test('what is healthy costs one look a second, and nothing is written', async () => {
  const { clock, log } = site()
  let looks = 0
  const counted: Way = (read) => {
    looks++
    return read()
  }
  const counting = reroute(log, { ask: counted })
  const breaker = breakerOf(counting, 'model/a', () => clock.now())
  for (let n = 0; n < 100; n++) {
    clock.jump(clock.now() + 50)
    await breaker.before()
    await breaker.after(undefined)
  }
  expect(looks).toBe(5)
  expect(await log.position()).toBe(0)
  await log.close()
})

test('a store that takes nothing fails no call, and what was counted is recorded later', async () => {
  const { clock, log } = site()
  let isFull = true
  const full = reroute(log, {
    ask,
    commit: (change) => (isFull ? Promise.reject(new Error('disk full')) : log.commit(change)),
  })
  const breaker = breakerOf(full, 'model/a', () => clock.now())
  for (let n = 0; n < 6; n++) await breaker.after(failed())
  isFull = false
  await breaker.after(failed())
  expect(await breaker.before()).toMatchObject({ mode: 'provider_outage' })
  await log.close()
})

test('a circuit lets calls through when it is closed or its pause is over, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 70_000 })), { maxLength: 60 }),
      async (steps) => {
        let circuit: Circuit = CLOSED
        let now = Date.UTC(2031, 0)
        let inRow = 0
        for (const [hasFailed, pause] of steps) {
          now += pause
          const isLet = await lets(circuit, now)
          expect(isLet).toBe(leftMs(circuit, now) === 0)
          if (!isLet) continue
          const wasOpen = circuit.open !== undefined
          circuit = await after(circuit, hasFailed, now)
          inRow = hasFailed ? inRow + 1 : 0
          expect(circuit.open !== undefined).toBe(hasFailed && (wasOpen || inRow >= 5))
          if (circuit.open) expect(leftMs(circuit, now)).toBeGreaterThanOrEqual(5000)
        }
      },
    ),
    { numRuns: 50 },
  )
})
