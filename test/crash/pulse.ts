/** A run that is always at work, to see who carries it. */
import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'throughline'
import { z } from 'zod'

export const pulse = task({
  name: 'crash-pulse',
  input: z.object({ beats: z.number(), everyMs: z.number() }),
  async run(ctx, { beats, everyMs }) {
    let sum = 0
    for (let i = 1; i <= beats; i++) sum += await ctx.step(`beat:${i}`, () => pause(everyMs, i))
    return sum
  },
})

export const tasks = [pulse]
