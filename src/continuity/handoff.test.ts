import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const research = task({
  name: 'research',
  async run(ctx) {
    await ctx.step('look', () => 'three offers')
    await ctx.decide({ subject: 'vendor:acme', choice: 'excluded', because: 'No report' })
    const { by } = await ctx.handoff({ to: 'ada', reason: 'The choice is hers', note: 'She knows them' })
    return ctx.step('sign', () => `signed by ${by}`)
  },
})

const took: string[] = []
const finish = task({
  name: 'finish',
  async run(ctx, hasty: boolean) {
    if (hasty) await ctx.step('act', () => took.push('too early'))
    const brief = await ctx.brief?.read()
    await ctx.brief?.acknowledge()
    await ctx.step('act', () => took.push(brief?.markdown ?? ''))
    return brief?.digest
  },
})

const handing = task({
  name: 'handing',
  async run(ctx, hasty: boolean) {
    await ctx.decide({ subject: 'colour', choice: 'green', because: 'Ada likes it' })
    const { by } = await ctx.handoff({ to: finish, input: hasty, reason: 'Another model' })
    return by
  },
})

const child = task({
  name: 'child',
  async run(ctx) {
    const { mustRead } = ctx.brief ?? {}
    await ctx.step('act', () => 'at once')
    return { mustRead, says: (await ctx.brief?.read())?.markdown }
  },
})
const parent = task({
  name: 'parent',
  async run(ctx) {
    await ctx.decide({ subject: 'colour', choice: 'blue', because: 'It is the sea' })
    return ctx.call(child, {})
  },
})
const tasks = [research, finish, handing, child, parent]

test('a run rests until the one it is for acknowledges, across a crash, and goes on then', async () => {
  const bed = await testbed({ tasks })
  const run = await bed.start(research, {}, { scope: 'purchasing' })
  await bed.settle()
  expect(await run.status()).toBe('waiting')
  expect(await bed.tl.handoffs({ to: 'ada' })).toMatchObject([
    { run: run.id, to: 'ada', reason: 'The choice is hers', note: 'She knows them' },
  ])
  const shown = await bed.tl.brief(run.id, { for: 'bo' })
  await bed.tl.acknowledge(shown.id, { digest: shown.digest, by: 'bo' })
  await bed.settle()
  expect(await run.status()).toBe('waiting')

  const around = run.signal('handoff to ada', { by: 'eve', brief: '' })
  await expect(around).rejects.toMatchObject({ code: 'bad_request', message: /acknowledging/ })

  await bed.crash()
  const brief = await bed.tl.brief(run.id, { for: 'ada' })
  expect(brief.markdown).toContain('Because: No report')
  expect(brief.markdown).toContain('Waits to be taken over by ada: The choice is hers (She knows them)')
  expect(brief.markdown).toMatch(/First safe action\n\n- Take it over/)
  expect(await bed.tl.acknowledge(brief.id, { digest: brief.digest, by: 'ada' })).toMatchObject({
    tookOver: true,
  })
  await bed.settle()
  expect(await (await bed.tl.run(run.id)).result()).toBe('signed by ada')
  expect(await bed.tl.handoffs()).toEqual([])
  await bed.close()
})

test('of two who take over one has it, and the other is told who', async () => {
  const bed = await testbed({ tasks })
  const run = await bed.start(research, {})
  await bed.settle()
  const { id, digest } = await bed.tl.brief(run.id)
  const both = await Promise.allSettled(
    ['bo', 'cy'].map((by) => bed.tl.acknowledge(id, { digest, by, takeOver: true })),
  )
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const refused = both.find(({ status }) => status === 'rejected')
  expect(refused).toMatchObject({ reason: { code: 'handoff_taken' } })
  await bed.settle()
  const winner = both[0]?.status === 'fulfilled' ? 'bo' : 'cy'
  expect(await run.result()).toBe(`signed by ${winner}`)
  await bed.close()
})

test.each([
  ['acts once it has acknowledged', false],
  ['does nothing before', true],
])('a run that is handed work %s', async (_, hasty) => {
  took.length = 0
  const bed = await testbed({ tasks })
  const run = await bed.start(handing, hasty, { scope: 'house' })
  await bed.settle()
  const { runs } = await bed.tl.runs.list({ task: 'finish' })
  const [other] = runs
  if (hasty) {
    await expect((await bed.tl.run(other?.id ?? '')).result()).rejects.toMatchObject({ mode: 'brief_unread' })
    expect(took).toEqual([])
    expect(await run.status()).toBe('waiting')
  } else {
    expect(await run.result()).toBe(other?.id)
    expect(took).toHaveLength(1)
    expect(took[0]).toContain('green')
  }
  await bed.close()
})

test('what a run was told of a brief is on its record by id and version, and a replay is told the same', async () => {
  const bed = await testbed({ tasks: [parent, child] })
  const run = await bed.start(parent, {}, { scope: 'house' })
  await bed.settle()
  const result = (await run.result()) as { mustRead: boolean; says: string }
  expect(result).toMatchObject({ mustRead: false })
  expect(result.says).toContain('It is the sea')
  const [row] = (await bed.tl.runs.list({ task: 'child' })).runs
  const events = await Array.fromAsync((await bed.tl.run(row?.id ?? '')).history())
  const read = events.find(({ name }) => name === 'brief read')
  expect(read?.body).not.toContain('It is the sea')
  expect(JSON.stringify(read?.body)).toMatch(/item_/)
  await bed.close()
})

test('a brief that has gone stale is not acknowledged by a run: it reads again', async () => {
  const careful = task({
    name: 'careful',
    async run(ctx) {
      await ctx.wait('go')
      try {
        await ctx.brief?.acknowledge()
      } catch (error) {
        expect(error).toMatchObject({ code: 'brief_stale' })
        await ctx.brief?.read()
        await ctx.brief?.acknowledge()
        return 'read again'
      }
      return 'as it was'
    },
  })
  const bed = await testbed({ tasks: [careful, research] })
  const { id } = await bed.tl.threads.open({ goal: 'Renew the lease', scope: 'home' })
  const brief = await bed.tl.brief(id)
  const run = await bed.start(careful, {}, { brief: brief.id, scope: 'home' })
  await bed.settle()
  await bed.tl.memory.decide({ subject: 'lease', choice: 'two years', because: 'Fixed rent', scope: 'home' })
  await run.signal('go')
  await bed.settle()
  expect(await run.result()).toBe('read again')
  await bed.close()
})

test('nobody takes over in time: the body is told, and nobody can any more', async () => {
  const patient = task({
    name: 'patient',
    async run(ctx) {
      const taken = await ctx.handoff({ to: 'ada', reason: 'hers', timeout: '1d' }).catch(() => undefined)
      return taken?.by ?? 'nobody'
    },
  })
  const bed = await testbed({ tasks: [patient] })
  const run = await bed.start(patient, {})
  await bed.settle()
  await bed.clock.advance('2d')
  await bed.settle()
  expect(await run.result()).toBe('nobody')
  const { id, digest } = await bed.tl.brief(run.id)
  await expect(bed.tl.acknowledge(id, { digest, by: 'ada', takeOver: true })).rejects.toMatchObject({
    code: 'handoff_taken',
  })
  await bed.close()
})

test('a fork of a run that waits to be taken over is taken over by itself', async () => {
  const bed = await testbed({ tasks })
  const run = await bed.start(research, {})
  await bed.settle()
  const fork = await run.fork({ at: 'handoff ada' })
  await bed.settle()
  expect(await fork.status()).toBe('waiting')
  const { id, digest } = await bed.tl.brief(fork.id)
  await bed.tl.acknowledge(id, { digest, by: 'ada' })
  await bed.settle()
  expect(await fork.result()).toBe('signed by ada')
  expect(await run.status()).toBe('waiting')
  await bed.close()
})
