/** One of many who write about the same: opens the store, waits for the word, supersedes what it read, and says what came of it. */
import { once } from 'node:events'
import { open, ThroughlineError } from 'throughline'

const [store = '', item = '', name = ''] = process.argv.slice(2)
const tl = await open({ store, worker: false })
const { version } = await tl.memory.get(item)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const about = { subject: 'vendor:acme', choice: name, because: `says ${name}` }
const own = await tl.memory.decide(about, { by: name })
const outcome = await tl.memory.supersede(item, about, { by: name, version }).then(
  ({ id }) => ({ won: id }),
  (error: unknown) => {
    if (!(error instanceof ThroughlineError)) throw error
    return { code: error.code, message: error.message }
  },
)
process.stdout.write(`${JSON.stringify({ name, own: own.id, ...outcome })}\n`)
await tl.close()
process.exit()
