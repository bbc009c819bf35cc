/** What whoever takes over is told does not depend on where the record lies. */
import { expect, test } from 'vitest'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const selection = task({
  name: 'selection',
  async run(ctx, input: { readonly vendors: readonly string[]; readonly by: Date }) {
    await ctx.plan([{ id: 'choose', title: 'Choose one' }])
    for (const vendor of input.vendors) {
      await ctx.step(`look:${vendor}`, () => ({ vendor, seen: new Date(0), text: 'a\nb – 供应商' }))
      await ctx.decide({ subject: `vendor:${vendor}`, choice: vendor.length, because: 'No report' })
    }
    await ctx.step('once', () => Promise.reject(new Error('gone')), { effect: 'once' }).catch(() => undefined)
  },
})
const tasks = [selection]

/** Both briefs there are, whole. */
const briefs = async (tl: Throughline, run: string, thread: string) => [
  await tl.brief(run, { budget: 2500 }),
  await tl.brief(thread, { for: 'bo' }),
]

test('a brief is the same bytes on a file and on Postgres', { timeout: 60_000 }, async () => {
  const small = await open({ store: 'memory:', tasks })
  const thread = await small.threads.open({ goal: 'Choose a vendor', scope: 'purchasing' })
  const vendors = Array.from({ length: 40 }, (_, i) => `v${i}`)
  const run = await small.start(selection, { vendors, by: new Date(0) }, { thread: thread.id })
  await expect.poll(async () => (await run.info()).waiting[0]?.kind).toBe('in_doubt')
  const first = await small.brief(thread.id, { for: 'bo' })
  await small.acknowledge(first.id, { digest: first.digest, by: 'bo' })
  await small.memory.remember(
    { kind: 'risk', subject: 'x', statement: 'y', scope: 'purchasing' },
    { by: 'ada' },
  )
  const here = await briefs(small, run.id, thread.id)
  const lines = await Array.fromAsync(small.export())
  await small.close()

  const large = await open({ store: await freshSchema(), worker: false })
  await large.import(lines)
  expect(await briefs(large, run.id, thread.id)).toEqual(here)
  await large.rebuild()
  expect(await briefs(large, run.id, thread.id)).toEqual(here)
  const [, there] = here
  await large.acknowledge(there?.id ?? '', { digest: there?.digest ?? '', by: 'cy' })
  await large.close()
  expect(here[0]?.omitted).toEqual([{ section: 'done', count: expect.any(Number) }])
  expect(here[1]?.markdown).toContain('## Changed since bo acknowledged')
})
