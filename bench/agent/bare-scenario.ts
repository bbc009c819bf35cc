/**
 * What `ctx.model` under a boundary, and a checkpoint after it, add to a call of a model that answers at once. By turns with and without,
 * a block of calls each, in one run; every call is another conversation. After each of ours as many plain commits as it made.
 */
import { join } from 'node:path'
import { generateText } from 'ai'
import { answer } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { scratch } from '../scratch.ts'
import { median } from '../statistics.ts'
import { timed } from '../subject.ts'
import { Commits } from './commits.ts'
import { modelOf } from './sdk.ts'

const [blocks = 10, block = 100] = process.argv.slice(2).map(Number)
// As a service runs: in development each use of chance in a body is looked at, and the SDK makes ids all the time.
process.env.NODE_ENV = 'production'
const { open, task } = await loadWhole()
const nothing = { system: '', prompt: '', tokens: 0, uniqueBytes: 0 }
const model = modelOf({ ...nothing, turns: [{ text: 'An answer of a few words.', calls: [] }] }, () => {})
const path = join(scratch('bare'), 'bare.db')
/** Of one of ours here: three small events, and their hashes. */
const COMMIT_BYTES = 700
const raw = new Commits(COMMIT_BYTES)
const alone: number[] = []
const recorded: number[] = []
const synced: number[] = []
const added: number[] = []
let commits = 0
let made = 0

const asking = task({
  name: 'asking',
  boundary: { budget: { tokens: 1e12, modelCalls: 1e9, costUsd: 1e6, usdPerMillionTokens: 1 } },
  async run(ctx) {
    const ours = ctx.model(model)
    for (let b = 0; b <= blocks; b++) {
      const plain: number[] = []
      const kept: number[] = []
      for (let i = 0; i < block; i++)
        await timed(plain, () => generateText({ model, prompt: `Question ${b} ${i}` }))
      const rest: number[] = []
      const writes: number[] = []
      const before = commits
      for (let i = 0; i < block; i++) {
        const from = commits
        await timed(kept, async () => {
          const { text } = await generateText({ model: ours, prompt: `Question ${b} ${i}` })
          await ctx.checkpoint('answer', { text })
        })
        const ms = raw.make(commits - from)
        writes.push(ms)
        rest.push((kept.at(-1) ?? 0) - ms)
      }
      if (b === 0) continue // warming up
      made += commits - before
      alone.push(median(plain))
      recorded.push(median(kept))
      synced.push(median(writes))
      added.push(median(rest) - median(plain))
    }
    return 'done'
  },
})
const tl = await open({ store: `file:${path}`, tasks: [asking] })
tl.log.onCommit((isOurs) => void (isOurs && commits++))
await (await tl.start(asking, undefined)).result()
await tl.close()
answer({
  each: made / (blocks * block),
  syncedMs: median(synced),
  aloneMs: median(alone),
  recordedMs: median(recorded),
  addedMs: median(added),
})
