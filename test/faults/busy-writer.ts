/** A process that commits as fast as it can until its input ends, then says how much of it was acknowledged. */
import { open, task } from 'throughline'

const count = task({
  name: 'count',
  async run(ctx) {
    for (let i = 1; ; i++) {
      await ctx.step(`count:${i}`, () => 'x'.repeat(900))
      acknowledged = i
    }
  },
})

let acknowledged = 0
const tl = await open({ store: process.argv[2] ?? '', tasks: [count] })
await tl.start(count, undefined, { key: 'the one' })
process.stdout.write('writing\n')
process.stdin.on('data', () => {})
process.stdin.on('end', () => {
  process.stdout.write(`${acknowledged}\n`)
  process.exit()
})
