import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const v1 = task({
  name: 'job',
  async run(ctx) {
    await ctx.step('a', () => 1)
    await ctx.wait('go')
    return 'v1'
  },
})
const v2 = task({ name: 'job', version: '2', run: () => 'v2' })
const v2resuming = task({
  name: 'job',
  version: '2',
  resumes: ['1'],
  async run(ctx) {
    await ctx.step('a', () => 1)
    await ctx.wait('go')
    return 'v2'
  },
})

test('a run goes on with the code of its own version, though a newer one is registered', async () => {
  const bed = await testbed({ tasks: [v1] })
  const { id } = await bed.start(v1, {})
  await bed.settle()
  await bed.crash({ tasks: [v1, v2] })
  await (await bed.run(id)).signal('go')
  expect(await (await bed.run(id)).result()).toBe('v1')
  expect(await (await bed.start(v2, {})).result()).toBe('v2')
  await bed.close()
})

test('code that says so continues runs of an older version', async () => {
  const bed = await testbed({ tasks: [v1] })
  const { id } = await bed.start(v1, {})
  await bed.settle()
  await bed.crash({ tasks: [v2resuming] })
  await (await bed.run(id)).signal('go')
  expect(await (await bed.run(id)).result()).toBe('v2')
  await bed.close()
})

test('a run whose version nobody has waits, visibly, and goes on when it is there', async () => {
  const bed = await testbed({ tasks: [v1] })
  const { id } = await bed.start(v1, {})
  await bed.settle()
  await bed.crash({ tasks: [v2] })
  await (await bed.run(id)).signal('go')
  await bed.settle()
  const info = await (await bed.run(id)).info()
  expect([info.status, info.waiting]).toEqual(['waiting', [{ kind: 'task', name: 'job@1' }]])
  await bed.crash({ tasks: [v1] })
  expect(await (await bed.run(id)).result()).toBe('v1')
  await bed.close()
})

test('a process without the code says so once of each run, however often it opens the store', async () => {
  const never = task({ name: 'never', run: (ctx) => ctx.step('hang', () => new Promise(() => {})) })
  const tasks = [v1, never]
  const bed = await testbed({ tasks })
  const runs = [await bed.start(v1, {}), await bed.start(never, {})]
  await bed.settle()
  const statuses = () => Promise.all(runs.map(async ({ id }) => (await (await bed.run(id)).info()).waiting))
  await bed.crash({ tasks: [v2] })
  await bed.settle()
  const waiting = [[{ kind: 'task', name: 'job@1' }], [{ kind: 'task', name: 'never@1' }]]
  expect(await statuses()).toEqual(waiting)
  const said = await bed.tl.log.position()
  for (const again of [[v2], []]) {
    await bed.crash({ tasks: again })
    await bed.settle()
  }
  expect(await statuses()).toEqual(waiting)
  expect(await bed.tl.log.position()).toBe(said)
  await bed.crash({ tasks })
  await (await bed.run(runs[0]?.id ?? '')).signal('go')
  expect(await (await bed.run(runs[0]?.id ?? '')).result()).toBe('v1')
  await bed.close()
})

test('a chapter is listed under the version of the code that began it, and goes on with that', async () => {
  const restarts = task({
    name: 'job',
    version: '2',
    resumes: ['1'],
    run: (ctx, input) => (input === 'next' ? ctx.wait('go') : ctx.restart('next')),
  })
  const third = task({ name: 'job', version: '3', resumes: ['2'], run: (ctx) => ctx.wait('go') })
  const bed = await testbed({ tasks: [v1] })
  const { id } = await bed.start(v1, {})
  await bed.settle()
  await bed.crash({ tasks: [restarts] })
  await bed.settle()
  expect(await (await bed.run(id)).info()).toMatchObject({ chapter: 2, version: '2' })
  await bed.crash({ tasks: [] })
  await bed.settle()
  await bed.crash({ tasks: [third] })
  await (await bed.run(id)).signal('go', 'v3')
  expect(await (await bed.run(id)).result()).toBe('v3')
  await bed.close()
})

test('two tasks of one name and version are refused', async () => {
  const other = task({ name: 'job', run: () => 'other' })
  await expect(testbed({ tasks: [v1, other] })).rejects.toMatchObject({ code: 'duplicate_task' })
})

test('a fork keeps the history up to its point, and has ids and idempotency keys of its own', async () => {
  const keys: string[] = []
  const forked = task({
    name: 'forked',
    async run(ctx) {
      const a = await ctx.step('a', () => keys.length)
      const before = ctx.id()
      const b = await ctx.step('b', ({ idempotencyKey }) => {
        keys.push(idempotencyKey)
        return `b${keys.length}`
      })
      return [a, before, b, ctx.id()]
    },
  })
  const bed = await testbed({ tasks: [forked] })
  const run = await bed.start(forked, {})
  const first = (await run.result()) as unknown[]
  const fork = await run.fork({ at: 'a' })
  const second = (await fork.result()) as unknown[]
  expect(second[0]).toBe(first[0])
  expect(second[2]).toBe('b2')
  expect(new Set(keys).size).toBe(2)
  expect(second[3]).not.toBe(first[3])
  await expect(run.fork({ at: 'nowhere' })).rejects.toMatchObject({ code: 'fork_point_not_found' })
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
})
