/** What the workers of `workers.ts` carry: steps that take processor time, or none. */
import { hash } from 'node:crypto'
import { task } from 'throughline'
import { z } from 'zod'

const HASHES_A_MS = 1500

export const load = task({
  name: 'load',
  input: z.object({ steps: z.number(), burnMs: z.number() }),
  async run(ctx, { steps, burnMs }) {
    for (let i = 0; i < steps; i++) await ctx.step('burn', () => burn(burnMs))
    return steps
  },
})

/** By counting: a clock would count what other processes took, too. */
function burn(ms: number): string {
  let drawn = ''
  for (let i = 0; i < ms * HASHES_A_MS; i++) drawn = hash('sha256', `${i}${drawn}`)
  return drawn
}
