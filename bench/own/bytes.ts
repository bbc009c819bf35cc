/**
 * What a step of 200 bytes costs on disk: everything in the store's folder after closing, less an empty store, by step.
 * Three lengths, because a cost that grows with the history (a copied state) only shows in the longest.
 */
import { join } from 'node:path'
import { loadProduct } from '../product.ts'
import { bytesUnder, discard, scratch } from '../scratch.ts'
import { payload } from '../subject.ts'
import type { Figure, OwnOptions } from './figure.ts'

const payloadBytes = 200

export async function bytesPerStep({ tell }: OwnOptions): Promise<Figure[]> {
  const empty = await stored(0)
  const figures: Figure[] = []
  for (const steps of [100, 1_000, 10_000]) {
    tell(`bytes of ${steps} steps`)
    const value = ((await stored(steps)) - empty) / steps
    const limit = steps === 100 ? {} : { atMost: payloadBytes + 350 }
    figures.push({ name: `bytes a step, ${steps} steps of ${payloadBytes}`, value, unit: 'bytes', ...limit })
  }
  return figures
}

async function stored(steps: number): Promise<number> {
  const folder = scratch('bytes')
  const { open, task } = await loadProduct()
  const carry = task({
    name: 'bytes',
    async run(ctx, { count }: { count: number }) {
      for (let index = 0; index < count; index++)
        await ctx.step(`step-${index}`, () => payload(index, payloadBytes))
    },
  })
  const tl = await open({ store: `file:${join(folder, 'bytes.db')}`, tasks: [carry] })
  if (steps > 0) await (await tl.start(carry, { count: steps })).result()
  await tl.close()
  const bytes = bytesUnder(folder)
  discard(folder)
  return bytes
}
