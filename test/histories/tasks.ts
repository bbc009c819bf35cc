/** The tasks whose histories are kept: every kind of event, in code that must go on carrying them. */
import { task } from 'throughline'
import { agent } from './agent.ts'

export const child = task({
  name: 'history-child',
  async run(ctx, input) {
    return ctx.step('double', () => Number((input as { n: number }).n) * 2)
  },
})

/** Stops at `resume` until it is told to go on, with one of everything behind it. */
export const everything = task({
  name: 'history-everything',
  async run(ctx) {
    const rich = await ctx.step('rich', () => ({ at: new Date(0), map: new Map([['a', 1n]]), bytes: new Uint8Array([1, 2, 3]), none: undefined }))
    const large = await ctx.step('large', () => 'x'.repeat(5000))
    const failed = await ctx
      .step('fails', () => {
        throw new RangeError('too far')
      })
      .catch((error: unknown) => error instanceof RangeError)
    const retried = await ctx.step(
      'retried',
      ({ attempt }) => {
        if (attempt < 2) throw new Error('again')
        return attempt
      },
      { retry: { attempts: 3, initial: '1m', jitter: false } },
    )
    const once = await ctx.step('once', () => 'paid', { effect: 'once', compensate: () => 'refunded' })
    const mapped = await ctx.map('each', ['a', 'b'], (branch, item) => branch.step('read', () => `${item}!`), { key: (item) => item })
    await ctx.sleep('nap', '1h')
    const raced = await ctx.race({ answer: (branch) => branch.wait('answer'), late: (branch) => branch.sleep('late', '1d') })
    const called = await ctx.call(child, { n: 21 })
    await ctx.spawn(child, { n: 1 }, { name: 'spawned' })
    const timedOut = await ctx.wait('nobody', { timeout: '1h' }).then(
      () => false,
      () => true,
    )
    const drawn = [ctx.id(), ctx.random(), ctx.now()]
    const resumed = await ctx.wait('resume')
    return { rich, large: large.length, failed, retried, once, mapped, raced, called, timedOut, drawn, resumed }
  },
})

export const tasks = [everything, child, agent]
