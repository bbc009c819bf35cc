import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Ladder } from '../task/index.ts'
import { acceptPartial, ask, compact, compensate, escalate, fallback, halt, repair, retry } from './ladder.ts'
import { failureModes, type Failure, type FailureMode } from './modes.ts'
import { pauseOf } from './pause.ts'
import { attemptsOf, Walk, type Ability } from './walk.ts'

const failureOf = (mode: FailureMode, isTransient = true): Failure => ({
  mode,
  isTransient,
  evidence: { name: 'Error', message: 'seen' },
})
const everything: ReadonlySet<Ability> = new Set([
  'retry',
  'repair',
  'compact',
  'fallback',
  'answer',
  'partial',
])
const rung = fc.oneof(
  fc.integer({ min: 1, max: 100 }).map((attempts) => retry({ attempts })),
  fc.integer({ min: 1, max: 100 }).map((attempts) => repair({ attempts })),
  fc
    .constantFrom(
      compact,
      ask,
      () => escalate('lead'),
      acceptPartial,
      () => fallback('b'),
      compensate,
      halt,
    )
    .map((build) => build()),
)
const ladder: fc.Arbitrary<Ladder> = fc
  .array(rung, { minLength: 1, maxLength: 12 })
  .map((rungs) => rungs.reduce((all, one) => all.then(one)))

test('every walk ends, whatever fails in turn: no rung is taken more often than it says, none is gone back to', () => {
  fc.assert(
    fc.property(
      fc.array(ladder, { minLength: failureModes.length, maxLength: failureModes.length }),
      fc.array(fc.tuple(fc.constantFrom(...failureModes), fc.boolean()), { minLength: 250, maxLength: 400 }),
      fc.subarray([...everything]),
      (ladders, failures, can) => {
        const ladderOf = (mode: FailureMode) => ladders[failureModes.indexOf(mode)] ?? halt()
        const walk = new Walk({ ladderOf, can: new Set(can) })
        const places = new Map<FailureMode, number>()
        for (const [mode, isTransient] of failures) {
          const move = walk.next(failureOf(mode, isTransient))
          if (move.rung.kind === 'halt' || move.rung.kind === 'compensate') return
          const { rungs } = ladderOf(mode)
          const at = rungs.indexOf(move.rung)
          expect(at).toBeGreaterThanOrEqual(places.get(mode) ?? 0)
          expect(move.attempt).toBeLessThanOrEqual(attemptsOf(move.rung))
          places.set(mode, move.attempt === attemptsOf(move.rung) ? at + 1 : at)
        }
        expect.fail('it went on for 250 moves')
      },
    ),
    { numRuns: 200 },
  )
})

test('what will not pass by itself is not tried again, unless its author says so', () => {
  const next = (ways: Ladder) =>
    new Walk({ ladderOf: () => ways, can: everything }).next(failureOf('provider_outage', false)).rung.kind
  expect(next(retry().then(fallback('b')))).toBe('fallback')
  expect(next(retry({ on: () => true }).then(fallback('b')))).toBe('retry')
})

test('it does not fall back to what failed, and counts attempts that were made before it was told', () => {
  const ways = retry({ attempts: 3 }).then(fallback('a')).then(fallback('b'))
  const walk = new Walk({ ladderOf: () => ways, can: everything, failed: 'a', retried: 2 })
  const moves = [1, 2].map(() => walk.next(failureOf('provider_outage')))
  expect(moves.map((move) => move.rung)).toMatchObject([{ kind: 'retry' }, { kind: 'fallback', target: 'b' }])
  expect(moves[1]?.skipped).toEqual([{ rung: 'fallback', because: 'That is what failed.' }])
})

test('pauses grow to their ceiling, are drawn below it, and keep to what the other side asked for', () => {
  const plain = { initial: '2s', factor: 3, max: '30s', jitter: false }
  expect([1, 2, 3, 4, 50].map((n) => pauseOf(plain, n, 0.5))).toEqual([2000, 6000, 18_000, 30_000, 30_000])
  expect(pauseOf({ initial: '2h' }, 1, 0.5)).toBe(3_600_000)
  expect(pauseOf(plain, 1, 0, 45_000)).toBe(45_000)
  expect(pauseOf(plain, 3, 0, 1)).toBe(18_000)
  expect(pauseOf(plain, 1, 0, Number.NaN)).toBe(2000)
  expect(pauseOf(plain, 1, 0, 1e12)).toBe(86_400_000)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, draw) => {
        const pause = pauseOf({}, n, draw)
        expect(pause).toBeGreaterThanOrEqual(0)
        expect(pause).toBeLessThanOrEqual(60_000)
      },
    ),
  )
})
