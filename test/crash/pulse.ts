/** A run that is always at work until it is told that it is enough, to see who carries it. */
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'throughline'
import { z } from 'zod'

export const pulse = task({
  name: 'crash-pulse',
  input: z.object({ enough: z.string() }),
  async run(ctx, { enough }) {
    for (let i = 1; ; i++) {
      const isEnough = await ctx.step(`beat:${i}`, async () => {
        await pause(10)
        return existsSync(enough)
      })
      if (isEnough) return i
    }
  },
})

export const tasks = [pulse]
