/** What is erased is gone: from the file, its log and its free pages; whoever dies, reads or tampers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { open, type Throughline } from 'throughline'
import { ACTOR, found, openPersonal, recordPersonal, SECRETS, SUBJECT, type Others } from './personal.ts'
import { folderFor } from './recorded.ts'

const why = { because: 'ticket 17', by: 'dpo' }

/** Those beside are untouched, and everything verifies. */
async function expectOthers(tl: Throughline, others: Others): Promise<void> {
  const { runs } = await tl.runs.list({ task: 'bystanding', status: 'done', limit: 1000 })
  expect(runs.length).toBe(others.runs)
  expect((await tl.memory.list({ limit: 1000 })).items.length).toBe(others.items)
  expect((await tl.memory.recall({ query: 'vendor delivers day', limit: 3 })).length).toBe(3)
  expect((await tl.verify()).breaks).toEqual([])
}

/** Slices of everything stored apart: compressed, no word of it could be found. */
function blobsOf(store: string): readonly Buffer[] {
  using db = new DatabaseSync(store, { readOnly: true })
  return db
    .prepare('SELECT bytes FROM blobs')
    .all()
    .map(({ bytes }) => Buffer.from((bytes as Uint8Array).subarray(20, 60)))
}

test('what went through recall, a brief and a model is in no byte of the store afterwards', async () => {
  const store = join(folderFor(), 'store.db')
  const tl = await openPersonal(store)
  const others = await recordPersonal(tl)
  expect(new Set(found(store).map((line) => line.split(': ')[1]))).toEqual(new Set(SECRETS))
  const before = blobsOf(store)
  const bySubject = await tl.memory.erase(SUBJECT, why)
  expect(bySubject).toMatchObject({ versions: 4, state: 'done' })
  expect(bySubject.blobs).toBeGreaterThan(0)
  expect(found(store)).toEqual([])
  await expectOthers(tl, others)
  const left = blobsOf(store)
  const bytes = Buffer.concat([readFileSync(store), readFileSync(`${store}-wal`)])
  const gone = before.filter((one) => !left.some((other) => other.equals(one)))
  expect(gone.length).toBe(bySubject.blobs)
  expect(gone.filter((one) => bytes.includes(one))).toEqual([])

  await tl.rebuild()
  expect(found(store)).toEqual([])
  const lines = await Array.fromAsync(tl.export())
  expect(SECRETS.filter((secret) => lines.join('\n').includes(secret))).toEqual([])
  await tl.close()
  expect(found(store)).toEqual([])

  const copy = join(folderFor(), 'copy.db')
  const there = await openPersonal(copy)
  await there.import(lines)
  await expectOthers(there, others)
  expect((await there.memory.list({ status: 'erased' })).items.length).toBe(3)
  await there.rebuild()
  expect((await there.memory.list({ status: 'erased' })).items.length).toBe(3)
  await there.close()
})

test('what was pruned before is in no free page either', async () => {
  const store = join(folderFor(), 'store.db')
  await using tl = await openPersonal(store)
  await recordPersonal(tl, 4)
  for (let n = 0; n < 60; n++) await (await tl.start('answering', 'kettle refund')).result()
  await tl.runs.prune({ before: new Date(Date.now() + 1000) })
  expect(found(store)).not.toEqual([])
  expect(await tl.memory.erase(SUBJECT, why)).toMatchObject({ state: 'done' })
  expect(found(store)).toEqual([])
  expect((await tl.verify()).breaks).toEqual([])
})

test('a person goes by name, from headers too', async () => {
  const store = join(folderFor(), 'store.db')
  await using tl = await openPersonal(store)
  const others = await recordPersonal(tl, 4)
  await tl.memory.erase({ person: ACTOR }, why)
  expect(found(store, ['Philippa'])).toEqual([])
  expect((await tl.memory.list({ subject: SUBJECT })).items.length).toBe(1)
  expect(others.items).toBe(4)
  expect((await tl.verify()).breaks).toEqual([])
})

test('while another reader holds the log it is pending, and is finished without anybody asking', async () => {
  const store = join(folderFor(), 'store.db')
  await using tl = await openPersonal(store)
  const others = await recordPersonal(tl, 4)
  using reader = new DatabaseSync(store, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM events').get()
  const { state } = await tl.memory.erase(SUBJECT, why)
  expect(state).toBe('pending')
  expect(await tl.memory.recall({ query: 'kettle refund' })).toEqual([])
  expect(found(store).length).toBeGreaterThan(0)
  await tl.memory.remember({ kind: 'fact', subject: 'meanwhile', statement: 'Work goes on' })
  reader.exec('COMMIT')
  await expect.poll(() => found(store), { timeout: 20_000 }).toEqual([])
  await expectOthers(tl, { ...others, items: others.items + 1 })
})

test('what one process leaves pending, the next that opens the store finishes', async () => {
  const store = join(folderFor(), 'store.db')
  const tl = await openPersonal(store)
  const others = await recordPersonal(tl, 4)
  using reader = new DatabaseSync(store, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM events').get()
  expect((await tl.memory.erase(SUBJECT, why)).state).toBe('pending')
  await tl.close()
  reader.exec('COMMIT')
  await using next = await openPersonal(store)
  await expect.poll(() => found(store), { timeout: 20_000 }).toEqual([])
  await expectOthers(next, others)
})

test(
  'killed in the middle of it, nothing was erased, or all of it goes when the store is opened',
  { timeout: 180_000 },
  async () => {
    const folder = folderFor()
    const original = join(folder, 'original', 'store.db')
    mkdirSync(join(folder, 'original'))
    const tl = await openPersonal(original)
    const others = await recordPersonal(tl, 60)
    const live = (await tl.memory.list({ subject: SUBJECT })).items.length
    await tl.close()
    const outcomes = new Set<string>()
    let took = 0
    // The first lives until it is done, and says how long that takes; the others die before, at one moment after another.
    for (let round = 0; round <= ROUNDS; round++) {
      mkdirSync(join(folder, String(round)))
      const store = join(folder, String(round), 'store.db')
      copyFileSync(original, store)
      if (round === 0) took = await eraseAndDie(store, Infinity)
      else await eraseAndDie(store, (round / ROUNDS) * took)
      await using next = await openPersonal(store)
      const { items } = await next.memory.list({ subject: SUBJECT })
      outcomes.add(items.length === 0 ? 'erased' : 'untouched')
      if (items.length > 0) {
        expect(items.length).toBe(live)
        expect((await next.verify()).breaks).toEqual([])
      } else {
        await expect.poll(() => found(store), { timeout: 20_000 }).toEqual([])
        await expectOthers(next, others)
      }
    }
    expect([...outcomes].sort()).toEqual(['erased', 'untouched'])
  },
)

const ROUNDS = 8

/** How long it lived from when it began to erase. */
async function eraseAndDie(store: string, afterMs: number): Promise<number> {
  const script = new URL('./eraser.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=throughline-source', script, store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  const began = performance.now()
  const done = lines.next()
  await (afterMs === Infinity
    ? done
    : Promise.race([done, new Promise((resolve) => setTimeout(resolve, afterMs))]))
  child.kill('SIGKILL')
  await once(child, 'exit')
  return performance.now() - began
}

test('a deletion does not pass for an erasure', async () => {
  const store = join(folderFor(), 'store.db')
  await using tl = await openPersonal(store)
  await recordPersonal(tl, 4)
  const [victim] = (await tl.runs.list({ task: 'bystanding' })).runs
  const erased = await tl.memory.erase(SUBJECT, why)
  expect((await tl.verify()).breaks).toEqual([])
  using db = new DatabaseSync(store)
  const run = db.prepare('SELECT id FROM streams WHERE name = ?').get(victim?.id ?? '')?.['id'] ?? null
  // As an erasure would leave it, made by hand: the chain fits.
  const { digestOf } = await import('../../src/log/index.ts')
  const [event] = await Array.fromAsync(tl.history(victim?.id ?? ''))
  if (!event) throw new Error('Nothing was recorded.')
  db.prepare(
    'UPDATE events SET body = NULL, blob = NULL, name = NULL, after = NULL, actor = NULL, digest = ?, seal = ? WHERE stream = ? AND seq = 1',
  ).run(digestOf(event, event.encoding, event.salt), Buffer.concat([Buffer.alloc(16), event.hash]), run)
  expect((await tl.verify()).breaks).toEqual([
    { stream: victim?.id, seq: 1, reason: 'what it said is gone, and no erasure on the record names it' },
  ])
  expect((await tl.verify(victim?.id)).breaks.length).toBe(1)
  const lines = await Array.fromAsync(tl.export())
  await using copy = await open({ store: 'memory:', worker: false })
  await expect(copy.import(lines)).rejects.toMatchObject({ code: 'chain_broken' })
  // Nor does what was erased stand without its erasure, or with words put in its place.
  db.prepare(
    'UPDATE events SET name = ? WHERE position = (SELECT min(position) FROM events WHERE digest IS NOT NULL AND stream <> ?)',
  ).run('something else', run)
  expect((await tl.verify()).breaks.length).toBe(2)
  const stream =
    db.prepare('SELECT id FROM streams WHERE name = ?').get(`erasure:${erased.ids[0]}/`)?.['id'] ?? null
  db.prepare('DELETE FROM events WHERE stream = ?').run(stream)
  db.prepare('DELETE FROM streams WHERE id = ?').run(stream)
  expect((await tl.verify()).breaks.length).toBeGreaterThan(10)
})

test('an erasure travels: it is carried out where the same streams are, and touches no others', async () => {
  const here = join(folderFor(), 'here.db')
  const there = join(folderFor(), 'there.db')
  const one = await openPersonal(here)
  const others = await recordPersonal(one, 4)
  const two = await open({ store: there, worker: false })
  await two.import(await Array.fromAsync(one.export()))
  expect(found(there).length).toBeGreaterThan(0)
  await one.memory.erase(SUBJECT, why)
  const lines = await Array.fromAsync(one.export())
  await two.import(lines)
  await expect.poll(() => found(there), { timeout: 20_000 }).toEqual([])
  await expectOthers(two, others)
  await two.close()

  const third = await openPersonal(join(folderFor(), 'third.db'))
  const stays = await third.memory.remember({ kind: 'fact', subject: 'x', statement: 'Something of its own' })
  // Of a stream that is here in another version.
  await expect(
    third.import(lines.filter((line) => !line.includes('"memory:/"') || line.includes('store.erased'))),
  ).rejects.toMatchObject({
    code: 'already_there',
  })
  expect((await third.memory.get(stays.id)).statement).toBe('Something of its own')
  await third.close()
  await one.close()
})
