import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const job = task({
  name: 'job',
  input: z.object({ n: z.number(), deep: z.object({ who: z.string() }).optional() }),
  run: (_ctx, { n }) => {
    if (n < 0) throw new Error('negative')
    return n
  },
})

test('the same key gives the same run; another input under it is an error', async () => {
  const bed = await testbed({ tasks: [job] })
  const a = await bed.start(job, { n: 1 }, { key: 'k' })
  const b = await bed.start(job, { n: 1 }, { key: 'k' })
  expect(b.id).toBe(a.id)
  await expect(bed.start(job, { n: 2 }, { key: 'k' })).rejects.toMatchObject({ code: 'key_reused' })
  const elsewhere = await bed.start(job, { n: 2 }, { key: 'k', scope: 'acme' })
  expect(elsewhere.id).not.toBe(a.id)
  await bed.close()
})

test('many at once with one key are one run', async () => {
  const bed = await testbed({ tasks: [job] })
  const runs = await Promise.all(Array.from({ length: 20 }, () => bed.start(job, { n: 1 }, { key: 'k' })))
  expect(new Set(runs.map((run) => run.id)).size).toBe(1)
  await bed.close()
})

test('a key may be refused, or used again after a failure', async () => {
  const bed = await testbed({ tasks: [job] })
  const failed = await bed.start(job, { n: -1 }, { key: 'k' })
  await failed.result().catch(() => {})
  await expect(bed.start(job, { n: -1 }, { key: 'k', reuse: 'never' })).rejects.toMatchObject({
    code: 'already_there',
  })
  const again = await bed.start(job, { n: 5 }, { key: 'k', reuse: 'after-failure' })
  expect(again.id).not.toBe(failed.id)
  expect(await again.result()).toBe(5)
  const same = await bed.start(job, { n: 5 }, { key: 'k', reuse: 'after-failure' })
  expect(same.id).toBe(again.id)
  await bed.close()
})

test('a wrong input lists all issues, with paths', async () => {
  const bed = await testbed({ tasks: [job] })
  const wrong = { n: 'x', deep: { who: 5 } } as unknown as { n: number }
  const failure = await bed.start(job, wrong).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 'invalid_input',
    data: { issues: [{ path: 'n' }, { path: 'deep.who' }] },
  })
  await bed.close()
})

test('a run may be started for later', async () => {
  const bed = await testbed({ tasks: [job] })
  const run = await bed.start(job, { n: 1 }, { at: new Date(bed.clock.now() + 3_600_000) })
  await bed.clock.advance('30m')
  expect(await run.status()).toBe('queued')
  await bed.clock.advance('31m')
  expect(await run.result()).toBe(1)
  await bed.close()
})

test('an unknown task and an unknown run are named', async () => {
  const bed = await testbed({ tasks: [job] })
  await expect(bed.tl.start('nope', {})).rejects.toMatchObject({ code: 'unknown_task' })
  await expect(bed.tl.run('run_nope')).rejects.toMatchObject({ code: 'run_not_found' })
  await bed.close()
})
