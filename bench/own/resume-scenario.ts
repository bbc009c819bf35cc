/**
 * The two lives of a run with a long history, each a process of its own.
 *
 * `create <folder> <steps>`: a run records that many steps, then waits; prints its id. Steps go out 50 at a time, which keeps the making short.
 * `resume <folder> <runId>`: opens the store, signals, and times until a step after the wait runs for the first time.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { loadProduct, statusOf } from '../product.ts'
import { payload } from '../subject.ts'
import { answer } from './process.ts'

const [mode, folder = '', argument = ''] = process.argv.slice(2)
const { open, task } = await loadProduct()
let reached = 0
const long = task({
  name: 'long',
  async run(ctx, { steps }: { steps: number }) {
    for (let from = 0; from < steps; from += 50) {
      const batch = Array.from({ length: Math.min(50, steps - from) }, (_, index) => from + index)
      await Promise.all(batch.map((index) => ctx.step(`step-${index}`, () => payload(index, 200))))
    }
    await ctx.wait('go')
    return ctx.step('after', () => {
      reached = performance.now()
      return steps
    })
  },
})

const from = performance.now()
const tl = await open({ store: `file:${join(folder, 'resume.db')}`, tasks: [long] })
const opened = performance.now()

if (mode === 'create') {
  const run = await tl.start(long, { steps: Number(argument) })
  while ((await statusOf(run)) !== 'waiting') await pause(20)
  await tl.close()
  answer({ id: run.id, seconds: (performance.now() - opened) / 1000 })
} else {
  const run = await tl.run(argument)
  await run.signal('go', {})
  const outcome = await Promise.race([
    run.result().then(
      (steps) => ({ steps }),
      (error: unknown) => ({ refused: String(error) }),
    ),
    pause(20_000, { refused: 'did not end within 20 s' }),
  ])
  answer({
    outcome,
    openMs: opened - from,
    resumeMs: reached - opened,
    totalMs: reached - from,
    ran: reached > 0,
  })
}
