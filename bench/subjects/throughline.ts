/** Throughline on a SQLite file, through its public API and with its defaults. */
import { join } from 'node:path'
import { loadProduct } from '../product.ts'
import { discard, scratch } from '../scratch.ts'
import { payload, stopwatch, timed } from '../subject.ts'
import type { StepOptions, Throughline } from '../product.ts'
import type { Subject } from '../subject.ts'

interface Asked {
  readonly steps: number
  readonly bytes: number
}

/** `options`: given to every step, for measuring other kinds of step than the plain one. */
export function throughline(name = 'Throughline', options?: StepOptions): Subject {
  const folder = scratch('throughline')
  let tl: Throughline
  let carry: unknown
  let stepMs: number[] = []
  return {
    name,
    configured: 'SQLite file, synchronous=FULL; defaults',
    async start() {
      const { open, task } = await loadProduct()
      carry = task({
        name: 'bench',
        async run(ctx, { steps, bytes }: Asked) {
          for (let index = 0; index < steps; index++) {
            await timed(stepMs, () => ctx.step(`step-${index}`, () => payload(index, bytes), options))
          }
          return steps
        },
      })
      tl = await open({ store: `file:${join(folder, 'bench.db')}`, tasks: [carry] })
    },
    async sequential(steps, bytes) {
      stepMs = []
      const elapsed = stopwatch()
      await (await tl.start(carry, { steps, bytes })).result()
      return { seconds: elapsed(), stepMs }
    },
    async fleet(runs, steps) {
      stepMs = []
      const elapsed = stopwatch()
      const handles = await Promise.all(
        Array.from({ length: runs }, () => tl.start(carry, { steps, bytes: 200 })),
      )
      await Promise.all(handles.map((handle) => handle.result()))
      return elapsed()
    },
    async stop() {
      await tl.close()
      discard(folder)
    },
  }
}
