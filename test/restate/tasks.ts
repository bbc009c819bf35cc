/** What the workers of these tests carry. Effects leave a line in a file. */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'throughline'
import { z } from 'zod'

const Input = z.object({ file: z.string(), ms: z.number() })

const slow = (version: string, resumes: readonly string[] = []) =>
  task({
    name: 'slow',
    version,
    resumes,
    input: Input,
    async run(ctx, { file, ms }) {
      await ctx.step('work', async ({ signal }) => {
        appendFileSync(file, `${Date.now()} ${process.pid}\n`)
        await pause(ms, undefined, { signal })
      })
      return version
    },
  })

export const first = slow('1')
export const second = slow('2')
export const resuming = slow('2', ['1'])
