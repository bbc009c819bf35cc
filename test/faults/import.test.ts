/** An export that was mangled on its way is refused whole, and whatever is wrong with it is said, never thrown as a crash. */
import fc from 'fast-check'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { open, task, ThroughlineError, type Throughline } from 'throughline'
import { perform } from '../../src/cli/program.ts'
import { digestOf, encode, GENESIS, sealInto } from '../../src/log/index.ts'
import { kept } from '../printed.ts'
import { folderFor, parent, record, tasks } from './recorded.ts'

let lines: readonly string[]

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-fault-'))
  await record(join(folder, 'store.db'))
  {
    await using tl = await open({ store: join(folder, 'store.db'), isReadOnly: true })
    lines = await Array.fromAsync(tl.export())
  }
  rmSync(folder, { recursive: true })
})

type Mangle = (lines: string[]) => string[]

const at = fc.nat()
const mangle: fc.Arbitrary<Mangle> = fc.oneof(
  at.map(
    (i): Mangle =>
      (all) =>
        all.toSpliced(i % all.length, 1),
  ),
  fc.tuple(at, at).map(
    ([i, j]): Mangle =>
      (all) =>
        all.toSpliced(i % all.length, 0, all[j % all.length] ?? ''),
  ),
  fc.tuple(at, at).map(
    ([i, j]): Mangle =>
      (all) =>
        swapped(all, i % all.length, j % all.length),
  ),
  at.map(
    (i): Mangle =>
      (all) =>
        all.slice(0, i % all.length),
  ),
  fc.tuple(at, at, fc.string({ minLength: 1, maxLength: 1 })).map(([i, j, text]): Mangle => (all) => {
    const line = all[i % all.length] ?? ''
    return all.with(
      i % all.length,
      line.slice(0, j % (line.length + 1)) + text + line.slice((j % (line.length + 1)) + 1),
    )
  }),
  fc
    .tuple(
      at,
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.object().map((object) => JSON.stringify({ event: object })),
        fc.object().map((object) => JSON.stringify({ head: object })),
      ),
    )
    .map(
      ([i, garbage]): Mangle =>
        (all) =>
          all.with(i % all.length, garbage),
    ),
  // One field of one line becomes something else: of the right type, and of the wrong one.
  fc.tuple(at, at, fc.jsonValue()).map(([i, j, value]): Mangle => (all) => {
    const json = parsed(all[i % all.length] ?? '')
    const part = json['event'] ?? json['head']
    const key = part && Object.keys(part)[j % Object.keys(part).length]
    if (!part || key === undefined) return all
    part[key] = value
    return all.with(i % all.length, JSON.stringify(json))
  }),
)

/** No object where another change has struck the line before. */
function parsed(line: string): Record<string, Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Record<string, Record<string, unknown>>
  } catch {
    return {}
  }
}

function swapped(all: readonly string[], i: number, j: number): string[] {
  const [a = '', b = ''] = [all[i], all[j]]
  return all.with(i, b).with(j, a)
}

/** Stream, number and hash of all there is: hashes say the rest. */
async function contents(tl: Throughline): Promise<string[]> {
  const all: string[] = []
  for (const { stream } of await tl.log.heads({ limit: 1000 })) {
    for await (const event of tl.history(stream))
      all.push(`${stream} ${event.seq} ${Buffer.from(event.hash).toString('hex')}`)
  }
  return all.sort()
}

test('a mangled export imports nothing, or nothing but what was recorded', async () => {
  await using whole = await open({ store: 'memory:', worker: false })
  await whole.import(lines)
  const recorded = new Set(await contents(whole))
  expect(recorded.size).toBe(lines.filter((line) => line.startsWith('{"event"')).length)
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.array(mangle, { minLength: 1, maxLength: 3 }), async (mangles) => {
      await using tl = await open({ store: 'memory:', worker: false })
      const given = mangles.reduce((all, one) => (all.length === 0 ? all : one(all)), [...lines])
      try {
        await tl.import(given)
      } catch (error) {
        expect(error).toBeInstanceOf(ThroughlineError)
        expect(await tl.log.heads()).toEqual([])
        expect(await tl.log.position()).toBe(0)
        expect((await tl.runs.list()).runs).toEqual([])
        refused++
        return
      }
      // Not every change matters: whole streams left out, lines of two streams in another order, a space more.
      for (const one of await contents(tl)) expect(recorded.has(one)).toBe(true)
      expect((await tl.verify()).breaks).toEqual([])
    }),
    { numRuns: 400 },
  )
  expect(refused).toBeGreaterThan(200)
})

/** What happens to a file: a bit turns over, its end is cut off, another program saves it in its own way. */
const spoil: fc.Arbitrary<(file: Buffer) => Buffer> = fc.oneof(
  fc.tuple(at, fc.nat(7)).map(([i, bit]) => (file: Buffer) => {
    const copy = Buffer.from(file)
    copy[i % copy.length] = (copy[i % copy.length] ?? 0) ^ (1 << bit)
    return copy
  }),
  at.map((i) => (file: Buffer) => file.subarray(0, i % file.length)),
  fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
    ([i, bytes]) =>
      (file: Buffer) =>
        Buffer.concat([file.subarray(0, i % file.length), bytes, file.subarray(i % file.length)]),
  ),
  fc.constant((file: Buffer) => Buffer.from(file.toString().replaceAll('\n', '\r\n'))),
  fc.constant((file: Buffer) => Buffer.from(`\uFEFF${file.toString()}`)),
  fc.constant((file: Buffer) => Buffer.from(file.toString(), 'utf16le')),
)

test('a spoilt file ends the command with a sentence, and leaves the store as it was', async () => {
  const folder = folderFor()
  await using whole = await open({ store: 'memory:', worker: false })
  await whole.import(lines)
  const recorded = new Set(await contents(whole))
  const original = Buffer.from(`${lines.join('\n')}\n`)
  const store = join(folder, 'store.db')
  await (await open({ store })).close()
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.array(spoil, { minLength: 1, maxLength: 2 }), async (spoils) => {
      const file = join(folder, 'spoilt.jsonl')
      writeFileSync(
        file,
        spoils.reduce<Buffer>((bytes, one) => (bytes.length === 0 ? bytes : one(bytes)), original),
      )
      copyFileSync(store, join(folder, 'fresh.db'))
      const out = kept()
      const code = await perform(['import', file, '--store', join(folder, 'fresh.db')], out)
      await using tl = await open({ store: join(folder, 'fresh.db'), worker: false })
      for (const one of await contents(tl)) expect(recorded.has(one)).toBe(true)
      if (code === 0) return
      expect(out.lines.join('\n')).toMatch(/^(bad_import|chain_broken|already_there|kind_too_new): \S/)
      expect(await tl.log.position()).toBe(0)
      refused++
    }),
    { numRuns: 80 },
  )
  expect(refused).toBeGreaterThan(25)
})

test('what is not even text is refused', async () => {
  await using tl = await open({ store: 'memory:', worker: false })
  for (const given of [
    [],
    [''],
    ['\0'],
    ['null'],
    ['[]'],
    ['{"throughline":2}'],
    ['{"throughline":1}', '{}'],
  ]) {
    await expect(tl.import(given)).rejects.toMatchObject({
      code: 'bad_import',
      message: expect.stringMatching(/^Line \d+ cannot be imported: .*Nothing was imported/),
    })
  }
})

test('a run whose key is taken here is refused, and the one here stays', async () => {
  const store = join(folderFor(), 'store.db')
  await using tl = await open({ store, tasks })
  const { id } = await tl.start(parent, 1, { key: 'over' })
  const error: unknown = await tl.import(lines).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'already_there', message: expect.stringContaining('over') })
  expect((await tl.start(parent, 1, { key: 'over' })).id).toBe(id)
})

/** One who can compute hashes, and writes what no program of ours would. */
function forged(kind: string, body: string | undefined): string[] {
  const salt = Buffer.alloc(16, 7)
  const stream = 'run_forged'
  const event = { kind, version: 1, ...(body === undefined ? {} : { body }) }
  const seal = Buffer.concat([salt, Buffer.alloc(32)])
  const header = { tenant: 'default', stream, seq: 1, at: 5, encoding: 1 }
  const hash = sealInto(seal, salt.length, GENESIS, event, header)
  const text = { salt: salt.toString('base64'), hash: Buffer.from(hash).toString('base64') }
  return [
    '{"throughline":1,"scope":"store"}',
    JSON.stringify({ head: { stream, tenant: 'default', seq: 1, epoch: 0, hash: text.hash } }),
    JSON.stringify({ event: { stream, tenant: 'default', seq: 1, ...event, at: 5, encoding: 1, ...text } }),
  ]
}

test('well-formed chains around bodies that make no sense are refused too', async () => {
  const bodies = [
    undefined,
    '',
    'no json',
    'null',
    '1',
    '[]',
    '{}',
    encode({ run: 1, task: {}, chapter: 'x' }),
    '{"$":"BigInt","v":"x"}',
    '{"$":"URL","v":"x"}',
    '{"run":{"$":"Error","v":null}}',
  ]
  await using tl = await open({ store: 'memory:', worker: false })
  for (const kind of [
    'run.started',
    'run.suspended',
    'run.failed',
    'message.sent',
    'wait.answered',
    'store.pruned',
  ]) {
    for (const body of bodies) {
      const error: unknown = await tl.import(forged(kind, body)).then(
        async () => (await tl.log.head('run_forged')) && 'imported',
        (thrown: unknown) => thrown,
      )
      if (error === 'imported') continue
      expect(error, `${kind} ${body ?? 'without a body'}`).toBeInstanceOf(ThroughlineError)
      expect(await tl.log.position()).toBe(0)
    }
  }
})

test('a body beside the digest of another is refused', async () => {
  const [first = '', head = '', line = ''] = forged('run.progress', '{"done":1}')
  const json = JSON.parse(line) as { event: Record<string, unknown> }
  const digest = Buffer.from(
    digestOf({ kind: 'run.progress', version: 1, body: '{"done":1}' }, 1, Buffer.alloc(16, 7)),
  ).toString('base64')
  const lie = JSON.stringify({ event: { ...json.event, digest, body: '{"done":99}' } })
  await using tl = await open({ store: 'memory:', worker: false })
  await expect(tl.import([first, head, lie])).rejects.toMatchObject({ code: 'chain_broken' })
  const noop = task({ name: 'noop', run: () => 1 })
  expect(await (await tl.start(noop, undefined)).status()).toBe('queued')
})
