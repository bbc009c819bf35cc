import { expect, test } from 'vitest'
import { BadRecovery, task, type Ladder, type Recovery } from '../task/index.ts'
import { recoveryKeys } from '../task/recovery.ts'
import { ladderFor } from './defaults.ts'
import { acceptPartial, ask, compensate, escalate, fallback, halt, repair, retry } from './ladder.ts'
import { failureModes, keyOfMode, modeOfKey } from './modes.ts'

const declare = (recovery: unknown) =>
  task({ name: 'review', recovery: recovery as Recovery, run: () => 'done' })
const many = (n: number): Ladder =>
  Array.from({ length: n }, () => retry()).reduce((all, one) => all.then(one))

test('a ladder is never changed: then gives another', () => {
  const first = retry({ attempts: 2 })
  const whole = first.then(repair()).then(halt())
  expect(first.rungs).toHaveLength(1)
  expect(whole.rungs.map(({ kind }) => kind)).toEqual(['retry', 'repair', 'halt'])
  expect(Object.isFrozen(whole) && Object.isFrozen(whole.rungs) && whole.rungs.every(Object.isFrozen)).toBe(
    true,
  )
})

test('a ladder that is awaited says what it is instead', async () => {
  const awaited = Promise.resolve().then((): unknown => retry())
  await expect(awaited).rejects.toMatchObject({ code: 'bad_recovery', message: /no promise/ })
  expect(() => retry().then({} as Ladder)).toThrow(/takes another ladder/)
})

test.each([
  ['a mode that is none', { outOfLuck: retry() }, /"outOfLuck" is no mode of failure.*contextOverflow/],
  ['an inherited name', { toString: retry() }, /"toString" is no mode/],
  ['what is no ladder', { toolFailure: 'retry' }, /recovery of toolFailure of task "review" is no ladder/],
  ['a list', [retry()], /must name modes/],
  ['more rungs than a ladder has', { toolFailure: many(13) }, /has 13 rungs; a ladder ends after 12/],
  [
    'no attempts',
    { toolFailure: retry({ attempts: 0 }) },
    /rung 1 \(retry\): attempts must be a whole number/,
  ],
  ['endless attempts', { toolFailure: retry({ attempts: Infinity }) }, /got Infinity/],
  ['half an attempt', { malformedOutput: repair({ attempts: 1.5 }) }, /got 1\.5/],
  ['no tokens', { malformedOutput: repair({ tokens: -1 }) }, /tokens must be/],
  ['a pause that is none', { toolFailure: retry({ initial: 'soon' }) }, /"soon" is no length of time/],
  ['pauses that get shorter', { toolFailure: retry({ factor: 0.5 }) }, /factor must be a number from 1/],
  ['a first pause over the longest', { toolFailure: retry({ initial: '2h', max: '1h' }) }, /longer than max/],
  ['a condition that is none', { toolFailure: retry({ on: true as never }) }, /on must be a function/],
  ['nobody to escalate to', { toolFailure: escalate(' ') }, /say to whom/],
  ['a schema that is none', { noTermination: acceptPartial({} as never) }, /Standard Schema/],
  ['a fallback to nothing', { toolFailure: fallback('') }, /give fallback/],
  ['a rung after the last word', { toolFailure: halt().then(retry()) }, /rung 2 would never be taken/],
  ['the same after compensate', { toolFailure: compensate().then(ask()) }, /nothing comes after compensate/],
  ['the same fallback twice', { refusal: fallback('b').then(fallback('b')) }, /falls back to b twice/],
  ['a rung nobody knows', { refusal: { rungs: [{ kind: 'pray' }], then: () => halt() } }, /no such rung/],
  ['a rung that is none', { refusal: { rungs: [null], then: () => halt() } }, /no such rung/],
] as const)('%s is refused where it is declared', (_what, recovery, message) => {
  expect(() => declare(recovery)).toThrow(message)
  expect(() => declare(recovery)).toThrow(BadRecovery)
})

test('a task does not fall back to itself', () => {
  const older = task({ name: 'review', version: '0', run: () => 1 })
  expect(() => declare({ toolFailure: fallback(older) })).toThrow(/falls back to the task itself/)
  expect(declare({ toolFailure: fallback(task({ name: 'other', run: () => 1 })) }).recovery).toBeDefined()
})

test('every mode has a name in task({ recovery }), and a default that can be walked', () => {
  expect(Object.keys(modeOfKey)).toEqual([...recoveryKeys])
  const plain = task({ name: 'plain', run: () => 1 })
  const all = Object.fromEntries(failureModes.map((mode) => [keyOfMode(mode), ladderFor(plain, mode)]))
  expect(Object.keys(declare(all).recovery ?? {})).toHaveLength(failureModes.length)
  for (const mode of failureModes) expect(ladderFor(plain, mode).rungs.at(-1)).toMatchObject({ kind: 'halt' })
})

test('by default nothing is undone, taken in part, or done by something else', () => {
  const plain = task({ name: 'plain', run: () => 1 })
  const kinds = new Set(failureModes.flatMap((mode) => ladderFor(plain, mode).rungs.map(({ kind }) => kind)))
  expect([...kinds].toSorted()).toEqual(['ask', 'compact', 'halt', 'repair', 'retry'])
})

test('what is declared is kept as it was declared', () => {
  const recovery: { toolFailure: Ladder } = { toolFailure: retry() }
  const declared = declare(recovery)
  recovery.toolFailure = halt()
  expect(ladderFor(declared, 'tool_failure').rungs).toMatchObject([{ kind: 'retry' }])
})
