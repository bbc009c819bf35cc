/**
 * A large memory, each of its lives in a process of its own, through the public API alone.
 *
 * `create <folder> <items>`: writes the items. `build <folder>`: opens a store that nobody has searched yet, and asks once.
 * `serve <folder> <items> <queries>`: opens one that was searched before, asks once, and then often.
 *
 * Texts are drawn by Zipf's law from the words of the decision register, the commonest first, and generated ones behind them: some
 * 60,000 in all, 45 to an item on average.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { sfc32, type Random } from '../../test/random.ts'
import { generatedWords, zipf } from '../../test/speed/words.ts'
import { answer } from '../own/process.ts'
import { loadWhole, repository } from '../product.ts'
import { percentile } from '../statistics.ts'
import { timed } from '../subject.ts'

const SCOPES = 10
const AT_ONCE = 500

const [mode = '', folder = '', ...numbers] = process.argv.slice(2)
const [count = 0, queries = 0] = numbers.map(Number)
const { open } = await loadWhole()
const tl = await open({ store: `file:${join(folder, 'memory.db')}`, worker: false })
const modes: Record<string, () => Promise<unknown>> = { create, build, serve }
const value = await modes[mode]?.()
await tl.close()
answer(value)

/** Words people write, by how often they write them. */
function realWords(): readonly string[] {
  const text = readFileSync(join(repository, 'examples/decision-register/peps.jsonl'), 'utf8').toLowerCase()
  const counts = new Map<string, number>()
  for (const [word] of text.matchAll(/\b[a-z]{3,20}\b/g)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([word]) => word)
}

function someWords(): (random: Random, count: number) => string {
  return zipf([...new Set([...realWords(), ...generatedWords])].slice(0, generatedWords.length))
}

async function create() {
  const [random, words] = [sfc32(7, 0), someWords()]
  const from = performance.now()
  for (let start = 0; start < count; start += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) =>
        tl.memory.remember({
          kind: 'fact',
          subject: words(random, random.between(2, 5)),
          statement: words(random, random.between(15, 35)),
          because: words(random, random.between(5, 15)),
          scope: `bench/team-${(start + i) % SCOPES}`,
        }),
      ),
    )
  return { perSecond: count / ((performance.now() - from) / 1000) }
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1e6
}

/** Open, and having read a little: what is there before anything is searched. */
async function idleMb(): Promise<number> {
  await tl.memory.list({ limit: 1 })
  await settled()
  return residentMb()
}

async function settled(): Promise<void> {
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc?.()
    await pause(100)
  }
}

/** Of all threads, since it was asked for: on a machine that is busy otherwise, this alone says something of the code. */
function processorMs(): () => number {
  const from = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(from)
    return (user + system) / 1e3
  }
}

async function build() {
  const idle = await idleMb()
  let most = idle
  const watch = setInterval(() => (most = Math.max(most, residentMb())), 5)
  const first: number[] = []
  const processor = processorMs()
  const found = await timed(first, () => tl.memory.recall({ query: 'standard library module' }))
  clearInterval(watch)
  // In kilobytes: the most there ever was, whatever the timer missed.
  const ever = process.resourceUsage().maxRSS / 1e3
  return { ms: first[0], found: found.length, processorMs: processor(), mb: Math.max(most, ever) - idle }
}

async function serve() {
  const idle = await idleMb()
  const [random, words] = [sfc32(8, 1), someWords()]
  const vocabulary = realWords().filter((word) => word.length > 6)
  const cold: number[] = []
  await timed(cold, () => tl.memory.recall({ query: 'standard library module' }))
  await settled()
  const mb = residentMb() - idle
  const shapes = {
    words: () => ({ query: words(random, random.between(2, 6)) }),
    misspelt: () => {
      const word = random.pick(vocabulary)
      return { query: `${words(random, 3)} ${word.slice(0, 3)}x${word.slice(3)}` }
    },
    scoped: () => ({ query: words(random, 4), scope: `bench/team-${random.between(0, SCOPES - 1)}` }),
  }
  const times: Record<string, { readonly p50: number; readonly p95: number; readonly processorMs: number }> =
    {}
  for (const [shape, draw] of Object.entries(shapes)) {
    for (let i = 0; i < 50; i++) await tl.memory.recall(draw())
    const each: number[] = []
    const processor = processorMs()
    for (let i = 0; i < queries; i++) await timed(each, () => tl.memory.recall(draw()))
    times[shape] = {
      p50: percentile(each, 0.5),
      p95: percentile(each, 0.95),
      processorMs: processor() / queries,
    }
  }
  const late: number[] = []
  for (let i = 0; i < 20; i++) {
    const { id } = await tl.memory.remember({
      kind: 'fact',
      subject: `novelty ${i}`,
      statement: `unheard-of-${i}`,
    })
    const found = await timed(late, () =>
      tl.memory.recall({ query: `novelty ${i} unheard-of-${i}`, limit: 1 }),
    )
    if (found[0]?.item.id !== id) throw new Error('What was just recorded was not found.')
  }
  return {
    coldMs: cold[0],
    mb,
    ...times,
    pauseMs: await pauses(() => tl.memory.recall(shapes.words()), queries),
    freshMs: percentile(late, 0.5),
  }
}

/** How long whatever else the process does has to wait while it recalls: the longest of a hundred turns. */
async function pauses(act: () => Promise<unknown>, times: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  for (let i = 0; i < times; i++) {
    await act()
    await new Promise(setImmediate)
  }
  delay.disable()
  return delay.percentile(99) / 1e6
}
