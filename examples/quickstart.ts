/** The shortest useful run: two steps with a sleep between them. Kill it during the sleep, run it again: it goes on from there. */
import { open, task } from 'throughline'
import { z } from 'zod'

const greet = task({
  name: 'greet',
  input: z.object({ who: z.string() }),
  async run(ctx, { who }) {
    const greeting = await ctx.step('compose', () => `Hello ${who}`)
    await ctx.sleep('a moment', '2s')
    return ctx.step('deliver', () => `${greeting}, from attempt ${ctx.run.attempt}`)
  },
})

const tl = await open({ store: 'file:./throughline.db', tasks: [greet] })
const run = await tl.start(greet, { who: 'Ada' }, { key: 'first' })
console.log(await run.result())
await tl.close()
