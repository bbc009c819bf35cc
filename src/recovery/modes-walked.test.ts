/** Each mode goes the way that is declared for it, and by default the way that is safe; and every such record is carried again. */
import { expect, test } from 'vitest'
import { task, type AnyTask, type Ladder, type Recovery } from '../task/index.ts'
import { replay, testbed } from '../testing/index.ts'
import { ladderFor } from './defaults.ts'
import { fallback, halt, repair, retry } from './ladder.ts'
import { failureModes, keyOfMode, modeOfKey, type FailureMode, type ModeKey } from './modes.ts'
import { attemptsOf } from './walk.ts'

const modeOf = (error: unknown) => (error as Error).message as ModeKey

const alwaysFailing = (mode: FailureMode, recovery?: Recovery) =>
  task({
    name: 'failing',
    ...(recovery ? { recovery } : {}),
    run: (ctx) => ctx.recover('work', () => Promise.reject(new Error(keyOfMode(mode))), { modeOf }),
  })

/** What a task that always fails in the same way leaves on its record, when nobody answers anything. */
async function walked(failing: AnyTask): Promise<readonly string[]> {
  const bed = await testbed({ tasks: [failing] })
  const { id } = await bed.start(failing, {} as never)
  for (let day = 0; day < 10; day++) {
    await bed.clock.advance('1d')
    if (day % 3 === 0) await bed.crash()
  }
  const run = await bed.run(id)
  expect(await run.status()).toBe('halted')
  const history = await Array.fromAsync(run.history())
  const verdict = await replay(history, failing)
  expect(verdict).toMatchObject({ ok: true, gained: [], unclaimed: [] })
  await bed.close()
  return history
    .filter(({ kind }) => kind === 'recovery.rung' || kind === 'recovery.skipped')
    .map(({ body }) => (JSON.parse(body ?? '{}') as { rung: string }).rung)
}

const taken = ({ rungs }: Ladder): readonly string[] =>
  rungs.flatMap((rung) => Array.from({ length: attemptsOf(rung) }, () => rung.kind as string))

const TRANSIENT: readonly FailureMode[] = ['tool_failure', 'saturation', 'provider_outage']

test.each(failureModes)('%s: as declared, through crashes', async (mode) => {
  const declared = retry({ attempts: 2, on: () => true })
    .then(repair({ attempts: 1 }))
    .then(fallback('another'))
    .then(halt())
  const rungs = await walked(alwaysFailing(mode, { [keyOfMode(mode)]: declared }))
  expect(rungs).toEqual(['retry', 'retry', 'repair', 'fallback', 'halt'])
})

test.each(failureModes)('%s: by default, through crashes', async (mode) => {
  const failing = alwaysFailing(mode)
  const ladder = ladderFor(failing, mode)
  const rungs = await walked(failing)
  const isTried = TRANSIENT.includes(mode) || !ladder.rungs.some(({ kind }) => kind === 'retry')
  expect(rungs).toEqual(isTried ? taken(ladder) : ['retry', 'halt'])
})

test('a ladder that was changed in flight goes on from what is on record', async () => {
  const first = alwaysFailing('tool_failure', {
    toolFailure: retry({ attempts: 3, initial: '1h', jitter: false }),
  })
  const bed = await testbed({ tasks: [first] })
  const { id } = await bed.start(first, {} as never)
  await bed.clock.advance('90m')
  const then = alwaysFailing('tool_failure', { toolFailure: fallback('another').then(halt()) })
  await bed.crash({ tasks: [then] })
  await bed.clock.advance('1d')
  const run = await bed.run(id)
  expect(await run.status()).toBe('halted')
  const rungs = (await Array.fromAsync(run.history()))
    .filter(({ kind }) => kind === 'recovery.rung')
    .map(({ body }) => (JSON.parse(body ?? '{}') as { rung: string }).rung)
  expect(rungs.slice(0, 2)).toEqual(['retry', 'retry'])
  expect(rungs.at(-1)).toBe('halt')
  await bed.close()
})

test('the names of modes in a task are those of the record', () => {
  expect(Object.values(modeOfKey)).toEqual([...failureModes])
})
