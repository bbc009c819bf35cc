/**
 * How fast and how good recall ranks: `node --conditions=throughline-source test/speed/recall.ts [peps.jsonl] [items]`.
 *
 * Speed over generated items (100,000 unless told): words by Zipf's law over some 60,000, 40 to a statement on average, from one seed. Building
 * and serving run in a process each, so that memory is theirs alone. Times are given by the clock and by the processor time of the
 * thread: on a machine that is busy otherwise, only the second says something about this code (of queries, p50 / p95 by the clock, and
 * the mean by the processor, whose clock ticks too seldom for one).
 *
 * Quality over a decision register, if its file is given: of each pair of a decision and the one it supersedes, where the old one stands
 * among what the new one's title finds, and what its whole text finds. Who replaces whom is asked only to judge. Beside it, plain BM25:
 * the same engine's terms, all fields as one text.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'throughline'
import { eventOf } from '../../src/log/index.ts'
import { itemRecorded } from '../../src/memory/index.ts'
import { Catalogue, loadMeaning, SearchIndex, type Doc } from '../../src/memory/search/index.ts'
import { sfc32, type Random } from '../random.ts'
import { generatedWords as vocabulary, zipf } from './words.ts'

const QUERIES = 500
const DAY_MS = 86_400_000

const someWords = zipf(vocabulary)

function* items(count: number): Generator<Doc> {
  const random = sfc32(7, 0)
  for (let i = 0; i < count; i++)
    yield {
      id: `item_${i.toString(36).padStart(22, '0')}`,
      subject: someWords(random, random.between(2, 5)),
      statement: someWords(random, random.between(15, 35)),
      because: someWords(random, random.between(5, 15)),
      ...(random.chance(0.2) ? { more: someWords(random, 10) } : {}),
      at: Date.UTC(2024, 0, 1) + random.between(0, 700) * DAY_MS,
    }
}

/** What is alive, after a collection: heap, and what lies outside of it. */
function ownMb(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}

const residentMb = () => process.memoryUsage.rss() / 1e6
const quantile = (sorted: readonly number[], at: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? 0
const ms = (value: number) => `${value.toFixed(2)} ms`

function timed<T>(act: () => T): { readonly result: T; readonly wall: number; readonly cpu: number } {
  const [from, used] = [performance.now(), process.threadCpuUsage()]
  const result = act()
  const wall = performance.now() - from
  const { user, system } = process.threadCpuUsage(used)
  return { result, wall, cpu: (user + system) / 1_000 }
}

function row(what: string, wall: string, cpu = ''): void {
  console.log(`${what.padEnd(44)} ${wall.padStart(14)} ${cpu.padStart(14)}`)
}

/** In a process of its own: the index from items, and its snapshot. */
function build(count: number, file: string): void {
  const index = new SearchIndex()
  const making = timed(() => {
    let letters = 0
    for (const { statement } of items(count)) letters += statement.length
    return letters
  })
  const own = ownMb()
  let most = residentMb()
  const all = timed(() => {
    for (const item of items(count)) {
      index.put(item)
      if (index.size % 5_000 === 0) most = Math.max(most, residentMb())
    }
  })
  const [wall, cpu] = [all.wall - making.wall, all.cpu - making.cpu]
  row(
    `index ${count.toLocaleString('en')} items`,
    `${(wall / 1e3).toFixed(2)} s`,
    `${(cpu / 1e3).toFixed(2)} s`,
  )
  row(
    '',
    `${Math.round((count / wall) * 1e3).toLocaleString('en')} a s`,
    `${Math.round((count / cpu) * 1e3).toLocaleString('en')} a s`,
  )
  row('memory after building: heap and buffers', `${(ownMb() - own).toFixed(0)} MB`)
  const saved = timed(() => index.snapshot())
  most = Math.max(most, residentMb())
  row('snapshot', ms(saved.wall), ms(saved.cpu))
  row('… its size', `${(saved.result.byteLength / 1e6).toFixed(1)} MB`)
  row('most memory while building, whole process', `${most.toFixed(0)} MB`)
  writeFileSync(file, saved.result)
}

/** In a process of its own: a cold start, then queries of two to six words, some misspelt, some over a filter. */
function serve(count: number, file: string): void {
  const [empty, own] = [residentMb(), ownMb()]
  const start = timed(() => SearchIndex.from(readFileSync(file)))
  row('cold start from the snapshot', ms(start.wall), ms(start.cpu))
  const index = start.result
  const random = sfc32(8, 1)
  const shapes: Readonly<Record<string, () => readonly [string, ((id: string) => boolean)?]>> = {
    'query of 2 to 6 words': () => [someWords(random, random.between(2, 6))],
    '… of the commonest words': () => [vocabulary.slice(random.between(0, 20), 30).slice(0, 4).join(' ')],
    '… with a misspelt word': () => [misspelt(random)],
    '… with one item of ten allowed': () => [
      someWords(random, 4),
      (id) => id.endsWith('a') || id.endsWith('b') || id.endsWith('c'),
    ],
    '… a whole item': () => [someWords(random, 60)],
  }
  for (const [what, draw] of Object.entries(shapes)) {
    for (let i = 0; i < 50; i++) index.search(draw()[0])
    const walls: number[] = []
    const { cpu } = timed(() => {
      for (let i = 0; i < QUERIES; i++) {
        const [query, allowed] = draw()
        const from = performance.now()
        index.search(query, allowed ? { allowed } : {})
        walls.push(performance.now() - from)
      }
    })
    walls.sort((a, b) => a - b)
    row(
      what,
      `${quantile(walls, 0.5).toFixed(2)} / ${quantile(walls, 0.95).toFixed(2)} ms`,
      `${(cpu / QUERIES).toFixed(2)} ms each`,
    )
  }
  const ids = Array.from(
    { length: 1_000 },
    (_, i) => `item_${(i * Math.floor(count / 1_000)).toString(36).padStart(22, '0')}`,
  )
  row('memory while serving: heap and buffers', `${(ownMb() - own).toFixed(0)} MB`)
  row('… whole process, and before the index', `${residentMb().toFixed(0)} / ${empty.toFixed(0)} MB`)
  const first = timed(() => index.remove(ids[0] ?? ''))
  row('the first item erased after a start', ms(first.wall), ms(first.cpu))
  const erased = timed(() => ids.forEach((id) => index.remove(id)))
  row('each further one', ms(erased.wall / ids.length), ms(erased.cpu / ids.length))
}

/** A store of so many items: only their events, as `tl.memory` would record them. */
async function fill(count: number, store: string): Promise<void> {
  await using tl = await open({ store, worker: false })
  let events: ReturnType<typeof eventFor>[] = []
  const flush = async () => {
    await tl.log.commit({ appends: [{ stream: 'memory:speed/', expected: 'any', events }] })
    events = []
  }
  for (const item of items(count)) {
    events.push(eventFor(item))
    if (events.length === 1000) await flush()
  }
  if (events.length > 0) await flush()
}

function eventFor({ id, subject, statement, because, at }: Doc) {
  const item = { id, version: 1, kind: 'fact', status: 'active', scope: 'speed', subject, statement, because }
  const more = { sensitivity: 'internal', author: 'ada', validFrom: new Date(at ?? 0) }
  return eventOf(itemRecorded, { item: { ...item, ...more } as never }) // an item as `newItem` makes it, but for what is undefined
}

/** In a process of its own: the thread from the record, or from its snapshot; then round trips while nothing else runs. */
async function round(store: string, what: string): Promise<void> {
  const [empty, random] = [residentMb(), sfc32(9, 2)]
  const tl = await open({ store, worker: false })
  let [most, held] = [residentMb(), 0]
  let last = performance.now()
  const watch = setInterval(() => {
    const now = performance.now()
    held = Math.max(held, now - last - 5)
    last = now
    most = Math.max(most, residentMb())
  }, 5)
  const [from, used] = [performance.now(), process.cpuUsage()]
  await tl.memory.recall({ query: someWords(random, 3) })
  row(`first answer, ${what}`, ms(performance.now() - from), ms(cpuSince(used)))
  row('… longest that runs were held up meanwhile', ms(held))
  row('… most memory, whole process; before', `${most.toFixed(0)} MB`, `${empty.toFixed(0)} MB`)
  for (const [kind, draw] of [
    ['round trip, 2 to 6 words', () => someWords(random, random.between(2, 6))],
    ['… with a misspelt word', () => misspelt(random)],
  ] as const) {
    const walls: number[] = []
    const before = process.cpuUsage()
    for (let i = 0; i < QUERIES + 50; i++) {
      const query = draw()
      const start = performance.now()
      await tl.memory.recall({ query })
      if (i >= 50) walls.push(performance.now() - start)
    }
    walls.sort((a, b) => a - b)
    row(
      kind,
      `${quantile(walls, 0.5).toFixed(2)} / ${quantile(walls, 0.95).toFixed(2)} ms`,
      `${(cpuSince(before) / (QUERIES + 50)).toFixed(2)} ms each`,
    )
  }
  globalThis.gc?.()
  row('memory while serving, whole process', `${residentMb().toFixed(0)} MB`)
  clearInterval(watch)
  const closing = performance.now()
  await tl.close()
  row('closed', ms(performance.now() - closing))
}

/** Of all threads. */
function cpuSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

function misspelt(random: Random): string {
  const word = random.pick(vocabulary)
  return `${someWords(random, 3)} ${word.slice(0, 3)}x${word.slice(3)}`
}

interface Pep {
  readonly pep: number
  readonly title: string
  readonly created: string
  readonly replaces: readonly number[]
  readonly superseded_by: readonly number[]
  readonly abstract: string | null
  readonly motivation: string | null
  readonly rejected: string | null
}

function judge(path: string): void {
  const peps = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Pep) // the shape its README promises
  const byNumber = new Map(peps.map((pep) => [pep.pep, pep]))
  const pairs = new Map<string, readonly [Pep, Pep]>()
  const pair = (by: number, old: number) => {
    const [a, b] = [byNumber.get(by), byNumber.get(old)]
    if (a && b) pairs.set(`${by} ${old}`, [a, b])
  }
  for (const { pep, replaces, superseded_by } of peps) {
    for (const old of replaces) pair(pep, old)
    for (const by of superseded_by) pair(by, pep)
  }
  const whole = (pep: Pep) =>
    [pep.title, pep.abstract, pep.motivation, pep.rejected].filter(Boolean).join('\n')
  const [weighted, plain, full] = [new SearchIndex(), new SearchIndex(), new Catalogue(loadMeaning())]
  for (const pep of peps) {
    const at = Date.parse(`${pep.created} UTC`)
    const doc = {
      id: `pep-${pep.pep}`,
      subject: pep.title,
      statement: pep.abstract ?? '',
      because: pep.motivation ?? '',
      more: pep.rejected ?? '',
      ...(Number.isNaN(at) ? {} : { at }),
    }
    weighted.put(doc)
    full.put({
      doc,
      label: {
        version: 1,
        kind: 'decision',
        status: 'active',
        scope: '',
        subject: pep.title,
        endsAt: Infinity,
      },
    })
    plain.put({ id: `pep-${pep.pep}`, subject: '', statement: whole(pep) })
  }
  console.log(
    `\n${pairs.size} superseding pairs of ${peps.length} decisions     ${'found in ten'.padStart(14)} ${'first'.padStart(10)}`,
  )
  for (const [what, query] of [
    ['its title', (pep: Pep) => pep.title],
    ['its whole text', whole],
  ] as const)
    for (const [engine, search] of [
      ['plain BM25', (text: string) => plain.search(text, { limit: 11 })],
      ['words', (text: string) => weighted.search(text, { limit: 11 })],
      ['words and vectors', (text: string) => full.search({ text, filter: { now: 0 }, limit: 11 })],
    ] as const) {
      const ranks = [...pairs.values()].map(([by, old]) =>
        search(query(by))
          .filter(({ id }) => id !== `pep-${by.pep}`)
          .slice(0, 10)
          .findIndex(({ id }) => id === `pep-${old.pep}`),
      )
      row(
        `asked by ${what}, ${engine}`,
        `${ranks.filter((rank) => rank >= 0).length}`,
        `${ranks.filter((rank) => rank === 0).length}`,
      )
    }
}

const [first, second, file] = process.argv.slice(2)
if (first === '--build' && file) build(Number(second), file)
else if (first === '--serve' && file) serve(Number(second), file)
else if (first === '--fill' && file) await fill(Number(second), `${file}.db`)
else if (first === '--rebuild' && file) await round(`${file}.db`, 'index made from the record')
else if (first === '--again' && file) await round(`${file}.db`, 'from the snapshot')
else {
  const count = Number(second ?? (Number(first) > 0 ? first : 100_000))
  const folder = mkdtempSync(join(tmpdir(), 'recall-'))
  try {
    console.log(`${''.padEnd(44)} ${'by the clock'.padStart(14)} ${'processor'.padStart(14)}`)
    for (const phase of ['--build', '--serve', '--fill', '--rebuild', '--again'])
      spawnSync(
        process.execPath,
        [
          ...process.execArgv,
          '--expose-gc',
          import.meta.filename,
          phase,
          String(count),
          join(folder, 'snapshot'),
        ],
        {
          stdio: 'inherit',
        },
      )
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (first !== undefined && !(Number(first) > 0)) judge(first)
}
