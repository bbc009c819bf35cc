/** What was recorded cannot be changed unseen. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { open } from 'throughline'
import { randomBy } from '../random.ts'
import { digestOf } from '../../src/log/index.ts'
import { folderFor, parent, record, tasks } from './recorded.ts'
import { putRight, streamOf, tamper, type Tampered } from './tampering.ts'

const CHANGES = 1000

test(
  'verify finds every one of 1,000 single bytes changed, and says where',
  { timeout: 60_000 },
  async () => {
    const file = join(folderFor(), 'store.db')
    await record(file, ['over'])
    await using tl = await open({ store: file, worker: false })
    expect((await tl.verify()).breaks).toEqual([])
    using db = new DatabaseSync(file)
    const random = randomBy('b')
    const missed: string[] = []
    for (let done = 0; done < CHANGES;) {
      const tampered = tamper(db, random)
      if (!tampered) continue
      done++
      const { breaks } = await tl.verify().catch((error: unknown) => ({ breaks: String(error) }))
      if (!isNamed(db, tampered, breaks)) missed.push(describe(tampered, breaks))
      putRight(db, tampered)
    }
    expect(missed).toEqual([])
    expect((await tl.verify()).breaks).toEqual([])
  },
)

test('a digest does not vouch for a body that was put in place of the one it is of', async () => {
  const file = join(folderFor(), 'store.db')
  await record(file)
  await using tl = await open({ store: file, worker: false })
  const stream = (await tl.runs.list()).runs[0]?.id ?? ''
  const [event] = await Array.fromAsync(tl.history(stream))
  if (!event) throw new Error('Nothing was recorded.')
  using db = new DatabaseSync(file)
  const put = db.prepare('UPDATE events SET digest = ?, body = ? WHERE position = ?')
  put.run(digestOf(event, event.encoding, event.salt), event.body?.replace('1', '2') ?? null, event.position)
  expect((await tl.verify()).breaks).toMatchObject([{ stream, seq: 1 }])
})

test('a run whose record was changed is not carried on, and its neighbours are', async () => {
  const file = join(folderFor(), 'store.db')
  const errors: string[] = []
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) }
  await record(file)
  const client = await open({ store: file, worker: false })
  const [changed] = (await client.runs.list({ status: 'waiting' })).runs
  const { id } = await client.start(parent, 2, { key: 'neighbour' })
  await client.close()
  using db = new DatabaseSync(file)
  db.prepare(
    "UPDATE events SET at = at + 1 WHERE kind = 'wait.opened' AND stream = (SELECT id FROM streams WHERE name = ?)",
  ).run(`${changed?.id}~2`)
  await using tl = await open({ store: file, tasks, logger })
  await (await tl.run(changed?.id ?? '')).signal('go')
  const neighbour = await tl.run(id)
  await neighbour.signal('go', 'on')
  expect(await neighbour.result()).toEqual({ twice: 42, go: 'on' })
  // Tried when the store was opened and when the message came, and not over and over.
  expect(errors.length).toBeLessThan(5)
  for (const error of errors)
    expect(error).toMatch(
      new RegExp(`^${changed?.id} cannot be carried: Event \\d+ of ${changed?.id}~2 does not verify`),
    )
  expect(await (await tl.run(changed?.id ?? '')).status()).not.toBe('done')
})

type Breaks = string | readonly { readonly stream: string; readonly seq: number; readonly reason: string }[]

/** An event's own stream and number; a blob or a head breaks wherever it is used first. */
function isNamed(db: DatabaseSync, { table, before, after }: Tampered, breaks: Breaks): boolean {
  if (typeof breaks === 'string') return false
  if (table === 'blobs') {
    const users = db.prepare('SELECT stream, seq FROM events WHERE blob = ?').all(before['id'] as bigint)
    return users.every((row) =>
      breaks.some(
        (one) => one.stream === streamOf(db, { stream: row['stream'] ?? null }) && one.seq === row['seq'],
      ),
    )
  }
  const streams = [streamOf(db, before), streamOf(db, after)]
  const seqs = table === 'events' ? [Number(before['seq']), Number(after['seq'])] : undefined
  return breaks.some((one) => streams.includes(one.stream) && (seqs === undefined || seqs.includes(one.seq)))
}

function describe({ table, column, before, after }: Tampered, breaks: Breaks): string {
  const show = (value: unknown) =>
    typeof value === 'bigint' ? String(value) : JSON.stringify(value).slice(0, 200)
  return `${table}.${column} of ${show(before['position'] ?? before['id'])}: ${show(before[column])} → ${show(after[column])}: ${JSON.stringify(breaks)}`
}
