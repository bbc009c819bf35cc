import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const quiet = task({ name: 'quiet', run: async (ctx) => [ctx.run.thread, ctx.run.scope] })
const bedOf = () => testbed({ tasks: [quiet] })

test('a thread is opened, parked, picked up and closed, and every version stays', async () => {
  const bed = await bedOf()
  const { threads } = bed.tl
  const { id } = await threads.open(
    { goal: 'Renew the lease', nextAction: 'Ask for the terms', scope: 'home' },
    { by: 'ada' },
  )
  const until = new Date(bed.clock.now() + 86_400_000)
  await threads.park(id, {
    because: 'They answer next week',
    waitingOn: 'the landlord',
    nextAction: 'Compare the terms',
    until,
    by: 'ada',
  })
  expect(await threads.get(id)).toMatchObject({
    version: 2,
    state: 'parked',
    waitingOn: 'the landlord',
    until,
  })
  expect(await threads.resume(id, { by: 'bo' })).toMatchObject({
    state: 'open',
    nextAction: 'Compare the terms',
    waitingOn: undefined,
    until: undefined,
  })
  await threads.close(id, { because: 'Signed', by: 'bo' })
  expect((await threads.list()).threads).toEqual([])
  expect((await threads.list({ state: 'done' })).threads).toMatchObject([{ id, because: 'Signed' }])
  expect((await threads.history(id)).map(({ state, author }) => [state, author])).toEqual([
    ['open', 'ada'],
    ['parked', 'ada'],
    ['open', 'bo'],
    ['done', 'bo'],
  ])
  await bed.tl.rebuild()
  expect((await threads.history(id)).map(({ version }) => version)).toEqual([1, 2, 3, 4])
  await bed.close()
})

test('of eight who change the same version one wins, and the others are told by whom', async () => {
  const bed = await bedOf()
  const { id } = await bed.tl.threads.open({ goal: 'g' })
  const tries = Array.from({ length: 8 }, (_, i) =>
    bed.tl.threads.park(id, { because: `by ${i}`, by: `reader ${i}`, version: 1 }).then(
      () => 'won',
      (error: { code?: string; message: string }) => `${error.code} ${error.message}`,
    ),
  )
  const ends = await Promise.all(tries)
  expect(ends.filter((end) => end === 'won')).toHaveLength(1)
  expect(ends.filter((end) => /^thread_changed .*reader \d has made version 2/.test(end))).toHaveLength(7)
  const unnamed = Array.from({ length: 8 }, (_, i) => bed.tl.threads.park(id, { because: `${i}` }))
  expect((await Promise.all(unnamed)).map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([
    3, 4, 5, 6, 7, 8, 9, 10,
  ])
  await bed.close()
})

test('a run is attached to a thread that is there, and has its scope', async () => {
  const bed = await bedOf()
  const { id } = await bed.tl.threads.open({ goal: 'g', scope: 'home' })
  expect(await (await bed.start(quiet, {}, { thread: id })).result()).toEqual([id, 'home'])
  expect(await (await bed.start(quiet, {}, { thread: id, scope: 'work' })).result()).toEqual([id, 'work'])
  expect((await bed.tl.runs.list({ thread: id })).runs).toHaveLength(2)
  await expect(bed.start(quiet, {}, { thread: 'thr_none' })).rejects.toMatchObject({
    code: 'thread_not_found',
  })
  await bed.tl.threads.close(id)
  await expect(bed.start(quiet, {}, { thread: id })).rejects.toMatchObject({ code: 'thread_over' })
  await expect(bed.tl.threads.resume(id)).rejects.toMatchObject({ code: 'thread_over' })
  await bed.close()
})

test.each([
  [{ goal: '' }, 'bad_thread'],
  [{ goal: 'x'.repeat(10_000_000) }, 'bad_thread'],
  [{ goal: 'g', dueAt: new Date('soon') }, 'bad_thread'],
  [{ goal: 'g', scope: '../other' }, 'bad_item'],
])('what is no thread is refused, and nothing is written: %#', async (input, code) => {
  const bed = await bedOf()
  await expect(bed.tl.threads.open(input)).rejects.toMatchObject({ code })
  expect((await bed.tl.threads.list()).threads).toEqual([])
  await bed.close()
})
