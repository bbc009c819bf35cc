import { expect, test } from 'vitest'
import { compensate } from '../recovery/ladder.ts'
import { task, type Boundary } from '../task/index.ts'
import { testbed, type Testbed } from '../testing/index.ts'

const eventsOf = async (bed: Testbed, run: string, kind: string) =>
  (await Array.fromAsync(bed.tl.history(run))).filter((event) => event.kind === kind)
const rowOf = async (bed: Testbed, ledger: string) =>
  (await bed.tl.log.select('budgets', { where: { ledger } }))[0]

const done: string[] = []
/** So many steps, all at once. */
const stepping = (boundary: Boundary) =>
  task({
    name: 'stepping',
    boundary,
    run: (ctx, { steps }: { steps: number }) =>
      Promise.all(Array.from({ length: steps }, (_, i) => ctx.step(`s${i}`, () => done.push(`s${i}`)))),
  })

test('20 parallel steps on a budget of 7: seven are done, the run halts with the mode, and may go on with more', async () => {
  done.length = 0
  const bed = await testbed({ tasks: [stepping({ budget: { steps: 7 } })] })
  const run = await bed.start('stepping', { steps: 20 })
  await expect(run.result()).rejects.toMatchObject({ code: 'run_halted', mode: 'boundary_breach' })
  expect(done.length).toBe(7)
  expect((await rowOf(bed, run.id))?.['steps']).toBe(7)
  const [breach] = await eventsOf(bed, run.id, 'boundary.breached')
  expect(JSON.parse(breach?.body ?? '{}')).toMatchObject({
    what: 'steps',
    limit: 7,
    actual: 8,
    action: 'halt',
  })

  await bed.crash({ tasks: [stepping({ budget: { steps: 20 } })] })
  const again = await bed.run(run.id)
  await again.resume()
  await bed.settle()
  expect(await again.status()).toBe('done')
  expect([done.length, (await rowOf(bed, run.id))?.['steps']]).toEqual([20, 20])
  await bed.close()
})

test('a step that is answered from the record reserves nothing; each try of one that is tried again does', async () => {
  let tries = 0
  const retrying = task({
    name: 'retrying',
    boundary: { budget: { steps: 4 } },
    async run(ctx) {
      await ctx.step('first', () => 1)
      await ctx.step('second', () => (++tries < 3 ? Promise.reject(new Error('again')) : 2), {
        retry: { attempts: 5 },
      })
      await ctx.wait('go')
      return 'done'
    },
  })
  const bed = await testbed({ tasks: [retrying] })
  const run = await bed.start(retrying, undefined)
  await bed.clock.advance('5m')
  await bed.crash()
  const again = await bed.run(run.id)
  await again.signal('go')
  expect(await again.result()).toBe('done')
  expect((await rowOf(bed, run.id))?.['steps']).toBe(4)
  await bed.close()
})

test('a step that may happen once is not in doubt when it was not allowed to begin', async () => {
  const bed = await testbed({
    tasks: [
      task({
        name: 'charging',
        boundary: { budget: { steps: 0 } },
        run: (ctx) => ctx.step('charge', () => 'charged', { effect: 'once' }),
      }),
    ],
  })
  const run = await bed.start('charging', undefined)
  await bed.settle()
  expect(await run.status()).toBe('halted')
  expect(await eventsOf(bed, run.id, 'step.intended')).toEqual([])
  await bed.close()
})

test('children draw on the budget of their caller, and are told on the record what they may', async () => {
  const child = task({
    name: 'child',
    boundary: { budget: { steps: 50 } },
    run: (ctx) => Promise.all([1, 2, 3].map((i) => ctx.step(`s${i}`, () => i))),
  })
  const parent = task({
    name: 'parent',
    boundary: { budget: { steps: 7 } },
    run: (ctx) => ctx.map('children', [1, 2, 3], (branch) => branch.call(child, undefined)),
  })
  const bed = await testbed({ tasks: [parent, child] })
  const run = await bed.start(parent, undefined)
  await bed.settle()
  const { runs } = await bed.tl.runs.list({ task: 'child' })
  expect(runs.map(({ status }) => status).toSorted()).toEqual(['done', 'done', 'halted'])
  expect((await rowOf(bed, run.id))?.['steps']).toBe(7)
  const [started] = await eventsOf(bed, runs[0]?.id ?? '', 'run.started')
  expect(JSON.parse(started?.body ?? '{}').boundary).toEqual({
    ledgers: [{ run: run.id, counts: { steps: 7 } }],
  })
  await bed.close()
})

test('when its time is up a run ends, whatever it does, and what it did is undone if that was declared', async () => {
  const undone: string[] = []
  const bounded = (boundary: Boundary) =>
    task({
      name: 'slow',
      boundary,
      async run(ctx) {
        await ctx.step('book', () => 'booked', { compensate: () => undone.push('book') })
        await ctx.step(
          'work',
          ({ signal }) => new Promise((_, stop) => signal.addEventListener('abort', stop)),
        )
      },
    })
  const budget = { duration: '1h' }
  const bed = await testbed({ tasks: [bounded({ budget, onBreach: { duration: compensate() } })] })
  const run = await bed.start('slow', undefined)
  await bed.clock.advance('59m')
  expect(await run.status()).toBe('running')
  await bed.clock.advance('2m')
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed', mode: 'boundary_breach' })
  expect(undone).toEqual(['book'])
  await bed.close()

  const halting = await testbed({ tasks: [bounded({ budget })] })
  const other = await halting.start('slow', undefined)
  await halting.clock.advance('61m')
  expect(await other.status()).toBe('halted')
  expect(undone).toEqual(['book'])
  await halting.close()
})

test('a run that slept past its time does nothing more, and neither does its next chapter', async () => {
  done.length = 0
  const sleepy = task({
    name: 'sleepy',
    boundary: { budget: { duration: '1h', steps: 3 } },
    async run(ctx, { chapter }: { chapter: number }) {
      await ctx.step('before', () => done.push(`before ${chapter}`))
      await ctx.sleep('night', chapter === 1 ? '50m' : '20m')
      await ctx.step('after', () => done.push(`after ${chapter}`))
      if (chapter === 1) await ctx.restart({ chapter: 2 })
    },
  })
  const bed = await testbed({ tasks: [sleepy] })
  const run = await bed.start(sleepy, { chapter: 1 })
  await bed.clock.advance('3h')
  expect(await run.status()).toBe('halted')
  expect(done).toEqual(['before 1', 'after 1', 'before 2'])
  expect((await rowOf(bed, run.id))?.['steps']).toBe(3)
  await bed.close()
})

test('what undoes is not held up by a budget that is used up', async () => {
  const undone: string[] = []
  const failing = task({
    name: 'failing',
    boundary: { budget: { steps: 2 } },
    async run(ctx) {
      await ctx.step('a', () => 1, { compensate: () => undone.push('a') })
      await ctx.step('b', () => 2, { compensate: () => undone.push('b') })
      throw new Error('no')
    },
  })
  const bed = await testbed({ tasks: [failing] })
  await expect((await bed.start(failing, undefined)).result()).rejects.toMatchObject({ code: 'run_failed' })
  expect(undone).toEqual(['b', 'a'])
  await bed.close()
})

test('the ledger of a run travels with it, verifies, and goes when it is pruned', async () => {
  const bed = await testbed({ tasks: [stepping({ budget: { steps: 7 } })] })
  const run = await bed.start('stepping', { steps: 3 })
  await run.result()
  const other = await testbed({ tasks: [] })
  await other.tl.import(await Array.fromAsync(bed.tl.export({ run: run.id })))
  expect(await rowOf(other, run.id)).toEqual(await rowOf(bed, run.id))
  expect((await other.tl.verify()).breaks).toEqual([])
  await bed.clock.advance('1d')
  await bed.tl.runs.prune({ before: new Date(bed.clock.now()) })
  expect(await rowOf(bed, run.id)).toBeUndefined()
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
  await other.close()
})

test('a task without a boundary writes what it wrote before', async () => {
  const bed = await testbed({
    tasks: [task({ name: 'plain', run: (ctx) => ctx.step('a', () => 1) })],
  })
  const run = await bed.start('plain', undefined)
  await run.result()
  expect((await Array.fromAsync(bed.tl.history(run.id))).map(({ kind }) => kind)).toEqual([
    'run.started',
    'run.claimed',
    'step.completed',
    'run.done',
  ])
  expect(
    (await bed.tl.log.heads()).map(({ stream }) => stream).filter((stream) => stream.endsWith('/budget')),
  ).toEqual([])
  await bed.close()
})
