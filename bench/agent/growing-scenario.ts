/**
 * The agent that reads, in a process of its own, by turns with `ctx.model` and without: what is stored of it, and what a call takes when
 * the conversation has grown. Prints medians of the last fifth of the calls. As many plain commits as ours made are made before each call,
 * and their time is taken out of the whole.
 */
import { join } from 'node:path'
import { answer } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { discard, scratch } from '../scratch.ts'
import { median } from '../statistics.ts'
import { Commits } from './commits.ts'
import { readingOf } from './reading.ts'
import { modelOf, read, toolsOf } from './sdk.ts'
import { storedIn } from './stored.ts'

const [calls = 100, tokens = 200_000, rounds = 3] = process.argv.slice(2).map(Number)
const reading = readingOf(calls, tokens)
const lastFifth = Math.ceil(calls / 5)
// As a service runs: in development each use of chance in a body is looked at, and the SDK makes ids all the time.
process.env.NODE_ENV = 'production'
const { open, task } = await loadWhole()

/** Between one call of the model and the next. */
const stepsOf = (at: readonly number[]) => at.slice(1).map((moment, i) => moment - (at[i] ?? moment))

async function without(): Promise<number> {
  const at: number[] = []
  await read(
    reading,
    modelOf(reading, () => at.push(performance.now())),
    toolsOf(reading),
  )
  return median(stepsOf(at).slice(-lastFifth))
}

async function withContext() {
  const folder = scratch('growing')
  const path = join(folder, 'agent.db')
  const raw = new Commits((reading.uniqueBytes * COMPRESSED) / (3 * calls))
  const at: number[] = []
  const synced: number[] = []
  const made: number[] = []
  let count = 0
  let counted = 0
  let apart = 0
  const model = modelOf(reading, () => {
    at.push(performance.now() - apart)
    const own = count - counted
    const ms = raw.make(own)
    apart += ms
    counted = count
    synced.push(ms)
    made.push(own)
  })
  const reader = task({
    name: 'reader',
    run: (ctx) => read(reading, ctx.model(model), ctx.tools(toolsOf(reading))),
  })
  const tl = await open({ store: `file:${path}`, tasks: [reader] })
  tl.log.onCommit((isOurs) => void (isOurs && count++))
  await (await tl.start(reader, undefined)).result()
  await tl.close()
  const stored = storedIn(path)
  discard(folder)
  const steps = stepsOf(at)
  return {
    stored,
    commits: median(made.slice(-lastFifth)),
    stepMs: median(steps.slice(-lastFifth)),
    syncedMs: median(synced.slice(-lastFifth)),
    restMs: median(steps.map((ms, i) => ms - (synced[i + 1] ?? 0)).slice(-lastFifth)),
  }
}

/** Of what is said, as it is stored: near enough for the size of a commit. */
const COMPRESSED = 0.5

const alone: number[] = []
const recorded: Awaited<ReturnType<typeof withContext>>[] = []
for (let round = 0; round < rounds; round++) {
  alone.push(await without())
  recorded.push(await withContext())
}
const { uniqueBytes } = reading
answer({
  ...{ uniqueBytes, tokens: reading.tokens },
  stored: recorded[0]?.stored,
  commitsEach: recorded[0]?.commits,
  aloneMs: median(alone),
  recordedMs: median(recorded.map(({ stepMs }) => stepMs)),
  syncedMs: median(recorded.map(({ syncedMs }) => syncedMs)),
  addedMs: median(recorded.map(({ restMs }, i) => restMs - (alone[i] ?? 0))),
})
