/** A step that takes long, and leaves a mark when it begins and when it ends: so that its worker can be stopped in between. */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'throughline'
import { z } from 'zod'

export const long = task({
  name: 'long',
  input: z.object({ file: z.string(), ms: z.number() }),
  run: (ctx, { file, ms }) =>
    ctx.step('work', async () => {
      appendFileSync(file, `begun ${process.pid}\n`)
      await pause(ms)
      appendFileSync(file, `ended ${process.pid}\n`)
      return process.pid
    }),
})
