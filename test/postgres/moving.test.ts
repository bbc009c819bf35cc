/** Runs move from a file to a server, and back: they go on where they stood, and their chains are the same to the last hash. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const doubled = task({ name: 'doubled', run: (ctx, n: number) => ctx.step('double', () => n * 2) })

const long = task({
  name: 'long',
  async run(ctx, n: number) {
    const twice = await ctx.call(doubled, n)
    await ctx.step('large', () => 'x'.repeat(5000))
    for (let i = 0; i < 10; i++) await ctx.step(`step-${i}`, () => i)
    const first = await ctx.wait('first')
    const second = await ctx.wait('second')
    return `${twice} ${String(first)} ${String(second)}`
  },
})
const tasks = [doubled, long]

const lines = (tl: Throughline) => Array.fromAsync(tl.export())

test(
  'a run goes from a file to Postgres and back, and ends where it would have',
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-moving-'))
    const file = join(folder, 'store.db')
    const small = await open({ store: file, tasks })
    const { id } = await small.start(long, 21, { key: 'moved' })
    await expect.poll(async () => (await (await small.run(id)).info()).waiting[0]?.name).toBe('first')
    const [up, digest] = [await lines(small), (await small.verify()).digest]
    await small.close()

    const large = await open({ store: await freshSchema(), tasks })
    expect((await large.import(up)).unfinished).toEqual([id])
    expect(await large.verify()).toMatchObject({ breaks: [], digest })
    await (await large.run(id)).signal('first', 'up')
    await expect.poll(async () => (await (await large.run(id)).info()).waiting[0]?.name).toBe('second')
    expect((await large.start(long, 21, { key: 'moved' })).id).toBe(id)
    const [down, digestAbove] = [await lines(large), (await large.verify()).digest]
    await large.close()

    const back = await open({ store: join(folder, 'back.db'), tasks })
    await back.import(down)
    expect(await back.verify()).toMatchObject({ breaks: [], digest: digestAbove })
    const run = await back.run(id)
    await run.signal('second', 'down')
    expect(await run.result()).toBe('42 up down')
    expect((await back.verify()).breaks).toEqual([])
    await back.close()
    rmSync(folder, { recursive: true, force: true })
  },
)

test(
  'what is archived is read and verified as before, and only a server has an archive',
  { timeout: 60_000 },
  async () => {
    const address = await freshSchema()
    const tl = await open({ store: address, tasks })
    const run = await tl.start(doubled, 4)
    expect(await run.result()).toBe(8)
    const digest = (await tl.verify()).digest
    const before = new Date(Date.now() + 60_000)
    const archived = await tl.runs.archive({ before })
    expect(archived).toMatchObject({ runs: 1 })
    expect(archived.events).toBeGreaterThan(2)
    expect(await tl.runs.archive({ before })).toMatchObject({ runs: 1, events: 0 })
    expect((await Array.fromAsync(run.history())).at(-1)?.kind).toBe('run.done')
    expect(await tl.verify()).toMatchObject({ breaks: [], digest })
    await tl.close()
    const small = await open({ store: 'memory:' })
    await expect(small.runs.archive({ before })).rejects.toMatchObject({ code: 'bad_request' })
    await small.close()
  },
)
