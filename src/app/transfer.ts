/**
 * Runs as lines of JSON, out of one store and into another.
 *
 * The first line says what the rest is; then the heads of the streams, then their events in the order they were recorded. Hashes and
 * times travel as they are; positions do not. An imported run goes on where it stood, so stop it where it came from.
 */
import { ThroughlineError } from '../errors.ts'
import { ERASURES, placesOf, type Head, type Log, type StoredEvent } from '../log/index.ts'
import { events, RunNotFound } from '../run/index.ts'
import { CARRYING_STREAM } from './interrupted.ts'

const FORMAT = 1
const AT_ONCE = 500
/** Streams that speak of the store they are in: what another store says of itself is left out where this one has its own. */
const OF_THE_STORE: ReadonlySet<string> = new Set(['store', CARRYING_STREAM])

export interface ExportOptions {
  /** One run, with its children; the whole store unless told. */
  readonly run?: string
}

export interface Imported {
  readonly streams: number
  readonly events: number
  /** Streams that were here already, the same. */
  readonly alreadyHere: number
  /** Runs that go on from here. */
  readonly unfinished: readonly string[]
}

/** A line of an import that is not what an export writes. */
export class BadImport extends ThroughlineError {
  constructor(line: number, reason: string) {
    super('bad_import', {
      message: `Line ${line} cannot be imported: ${reason}. Nothing was imported; give a file that "throughline export" wrote, whole.`,
      data: { line },
    })
  }
}

export async function* exportLines(log: Log, options: ExportOptions): AsyncGenerator<string> {
  const heads = options.run === undefined ? await everyHead(log) : await headsWith(log, options.run)
  yield JSON.stringify({ throughline: FORMAT, scope: options.run ?? 'store' })
  for (const head of heads) yield JSON.stringify({ head: headJson(head) })
  if (options.run === undefined) {
    const last = await log.position()
    if (last === 0) return
    const known = new Map(heads.map((head) => [head.stream, head.seq]))
    const stop = new AbortController()
    for await (const event of log.follow(0, stop.signal)) {
      if (event.seq <= (known.get(event.stream) ?? 0)) yield JSON.stringify({ event: eventJson(event) })
      if (event.position >= last) break
    }
    return
  }
  const all: StoredEvent[] = []
  for (const head of heads)
    for await (const page of log.read(head.stream)) all.push(...page.filter((event) => event.seq <= head.seq))
  for (const event of all.sort((a, b) => a.position - b.position))
    yield JSON.stringify({ event: eventJson(event) })
}

async function everyHead(log: Log, under = ''): Promise<Head[]> {
  const heads: Head[] = []
  let page = await log.heads({ under })
  for (; page.length > 0; page = await log.heads({ under, after: page.at(-1)?.stream ?? '' }))
    heads.push(...page)
  return heads
}

/** Of a run and its children; and of the erasures that name any of them, without which nobody could tell them from tampering. */
async function headsWith(log: Log, runId: string): Promise<Head[]> {
  const heads = await Array.fromAsync(headsOfRun(log, runId))
  for (const head of await everyHead(log, ERASURES))
    for await (const [event] of log.read(head.stream)) {
      const places = event ? placesOf(event) : {}
      if (heads.some(({ stream }) => Object.hasOwn(places, stream))) heads.push(head)
      break
    }
  return heads
}

async function* headsOfRun(log: Log, runId: string): AsyncGenerator<Head> {
  const [row] = await log.select('runs', { where: { run: runId } })
  if (!row) throw new RunNotFound(runId)
  for (let chapter = 1; chapter <= Number(row['chapter']); chapter++) {
    const head = await log.head(events.chapterStream(runId, chapter))
    if (head) yield head
  }
  for (const beside of [events.inboxOf(runId), events.budgetOf(runId)]) {
    const head = await log.head(beside)
    if (head) yield head
  }
  for (const child of await log.select('runs', { where: { parent: runId }, order: ['position'] }))
    yield* headsOfRun(log, String(child['run']))
}

const base64 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

function headJson(head: Head) {
  const { stream, tenant, seq, epoch, isPruned } = head
  return {
    stream,
    tenant,
    seq,
    epoch,
    hash: base64(head.hash),
    ...(isPruned ? { isPruned } : {}),
    ...(head.continues
      ? { continues: head.continues.stream, continuesHash: base64(head.continues.hash) }
      : {}),
  }
}

function eventJson(event: StoredEvent) {
  const { position: _position, body, salt, hash, digest, domain: _domain, ...rest } = event
  return {
    ...rest,
    ...(body === undefined ? {} : { body }),
    salt: base64(salt),
    hash: base64(hash),
    ...(digest === undefined ? {} : { digest: base64(digest) }),
  }
}

/** All or nothing. @throws {BadImport} @throws {ChainBroken} @throws {AlreadyThere} */
export async function importLines(log: Log, lines: Iterable<string>): Promise<Imported> {
  const source = parsed(lines)
  const heads: Head[] = []
  const skipped = new Set<string>()
  const same = new Set<string>()
  let first: ParsedLine | undefined
  let counted = 0
  for (const line of source) {
    if (!('head' in line)) {
      first = line
      break
    }
    const here = await log.head(line.head.stream)
    const isSame = here !== undefined && Buffer.compare(here.hash, line.head.hash) === 0
    if (isSame) same.add(line.head.stream)
    if (here && (isSame || OF_THE_STORE.has(line.head.stream))) skipped.add(line.head.stream)
    else heads.push(line.head)
  }
  const streamsWithStore = heads.some((head) => head.stream === 'store')
  const wanted = heads.filter((head) => !head.isPruned || streamsWithStore)
  const incoming = (function* () {
    for (let line = first; line; line = next(source)) {
      if (!('event' in line)) throw new BadImport(line.number, 'a head after the first event')
      if (skipped.has(line.event.stream)) continue
      counted++
      yield line.event
    }
  })()
  await log.restore({ heads: wanted, events: incoming, alreadyHere: same })
  const runs = wanted
    .map((head) => head.stream)
    .filter((stream) => !stream.includes('/') && !stream.includes('~') && !OF_THE_STORE.has(stream))
  const unfinished = await unended(log, runs)
  return { streams: wanted.length, events: counted, alreadyHere: skipped.size, unfinished }
}

/** Those of these runs that have not ended. */
async function unended(log: Log, runs: readonly string[]): Promise<string[]> {
  const open = new Set<string>()
  for (let i = 0; i < runs.length; i += AT_ONCE) {
    const where = { run: { in: runs.slice(i, i + AT_ONCE) }, ended_at: null }
    for (const row of await log.select('runs', { where, columns: ['run'] })) open.add(String(row['run']))
  }
  return runs.filter((run) => open.has(run))
}

type ParsedLine = { readonly number: number } & ({ readonly head: Head } | { readonly event: StoredEvent })

function next(source: Iterator<ParsedLine>): ParsedLine | undefined {
  const { done, value } = source.next()
  return done ? undefined : (value as ParsedLine)
}

/** An iterator that a for-of may leave half-way and that still goes on. */
function parsed(lines: Iterable<string>): Iterator<ParsedLine> & Iterable<ParsedLine> {
  const iterator = parseLines(lines)
  return {
    next: () => iterator.next(),
    [Symbol.iterator]() {
      return this
    },
  }
}

function* parseLines(lines: Iterable<string>): Generator<ParsedLine> {
  let number = 0
  let isOurs = false
  for (const line of lines) {
    number++
    if (line.trim() === '') continue
    const json = parseJson(line, number)
    if (!isOurs) {
      if (json['throughline'] !== FORMAT)
        throw new BadImport(
          number,
          json['throughline'] === undefined
            ? 'it does not say that it is an export'
            : `it has format ${JSON.stringify(json['throughline'])}; this program knows ${FORMAT}`,
        )
      isOurs = true
    } else if (isObject(json['head'])) yield { number, head: parseHead(json['head'], number) }
    else if (isObject(json['event'])) yield { number, event: parseEvent(json['event'], number) }
    else throw new BadImport(number, 'it is neither a head nor an event')
  }
  if (!isOurs) throw new BadImport(Math.max(1, number), 'the file is empty')
}

type Fields = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseJson(line: string, number: number): Fields {
  try {
    const json: unknown = JSON.parse(line)
    if (isObject(json)) return json
  } catch {
    // said below
  }
  throw new BadImport(number, 'it is no JSON object')
}

function parseHead(json: Fields, line: number): Head {
  const continues =
    json['continues'] === undefined
      ? undefined
      : { stream: text(json, 'continues', line), hash: bytes(json, 'continuesHash', line, 32) }
  return {
    stream: text(json, 'stream', line),
    tenant: text(json, 'tenant', line),
    seq: whole(json, 'seq', line),
    epoch: whole(json, 'epoch', line),
    hash: bytes(json, 'hash', line, 32),
    isPruned: json['isPruned'] === true,
    continues,
  }
}

function parseEvent(json: Fields, line: number): StoredEvent {
  const maybe = (key: string) => (json[key] === undefined ? undefined : text(json, key, line))
  return {
    stream: text(json, 'stream', line),
    tenant: text(json, 'tenant', line),
    seq: whole(json, 'seq', line),
    position: 0,
    kind: text(json, 'kind', line),
    version: whole(json, 'version', line),
    name: maybe('name'),
    ordinal: json['ordinal'] === undefined ? undefined : whole(json, 'ordinal', line),
    after: maybe('after'),
    at: whole(json, 'at', line),
    actor: maybe('actor'),
    domain: undefined,
    keyId: maybe('keyId'),
    encoding: whole(json, 'encoding', line),
    body: maybe('body'),
    salt: bytes(json, 'salt', line, 16),
    hash: bytes(json, 'hash', line, 32),
    digest: json['digest'] === undefined ? undefined : bytes(json, 'digest', line, 32),
  }
}

function text(json: Fields, key: string, line: number): string {
  const value = json[key]
  if (typeof value !== 'string') throw new BadImport(line, `"${key}" is no text`)
  return value
}

function whole(json: Fields, key: string, line: number): number {
  const value = json[key]
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new BadImport(line, `"${key}" is no whole number`)
  return Number(value)
}

function bytes(json: Fields, key: string, line: number, length: number): Uint8Array {
  const value = Buffer.from(text(json, key, line), 'base64')
  if (value.length !== length) throw new BadImport(line, `"${key}" is not ${length} bytes in base 64`)
  return value
}
