import { expect, test } from 'vitest'
import { open, restate, task } from 'throughline'
import { z } from 'zod'
import { RestateServer } from '../servers/restate.ts'
import { freshSchema } from '../servers/schemas.ts'

test('a cluster of three loses a node, and runs go on', { timeout: 240_000 }, async () => {
  const cluster = await RestateServer.start({ nodes: 3 })
  const store = await freshSchema()
  const nap = task({
    name: 'nap',
    input: z.number(),
    async run(ctx, n) {
      await ctx.step('before', () => n)
      await ctx.sleep('nap', 2000)
      return ctx.wait('word', { schema: z.number() })
    },
  })
  // The first node is the one that goes; the worker knows another.
  const dispatch = restate({ ingress: cluster.ingress(1), admin: cluster.admin(1), listen: '127.0.0.1:0' })
  const tl = await open({ store, tasks: [nap], dispatch, lingerMs: 100 })
  try {
    const runs = await Promise.all(Array.from({ length: 30 }, (_, n) => tl.start(nap, n)))
    await expect
      .poll(async () => (await tl.runs.list({ status: 'waiting' })).runs.length, { timeout: 60_000 })
      .toBe(30)
    await cluster.kill(0)
    const at = performance.now()
    await Promise.all(runs.map((run, n) => run.signal('word', n)))
    const more = await Promise.all(runs.map((_, n) => tl.start(nap, 100 + n)))
    await Promise.all(more.map((run, n) => run.signal('word', n)))
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n))
    expect(await Promise.all(more.map((run) => run.result()))).toEqual(runs.map((_, n) => n))
    if (process.env['FIGURES'])
      console.log('60 runs done', Math.round(performance.now() - at), 'ms after a node went')
  } finally {
    await tl.close()
    await cluster.dispose()
  }
})
