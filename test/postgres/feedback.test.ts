import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const sorting = task({
  name: 'sorting',
  run: () => ({
    rows: Array.from({ length: 40 }, (_, n) => ({ payee: `Payee ${n % 4}`, category: 'Other' })),
  }),
  feedback: ({ keys, is }, { rows }) => ({
    subject: `payee:${rows[Number(keys[1])]?.payee}`,
    predicate: 'category',
    value: is,
    statement: `It is ${String(is)}`,
  }),
})
const category = (row: number, is: string) => ({ path: ['rows', row, 'category'], was: 'Other', is })

/** What corrections come to on a store, half of them from another process that carries nothing. */
async function story(address: string, tl: Throughline) {
  const run = await tl.start(sorting, {}, { scope: 'shop' })
  await run.result()
  const client = await open({ store: address, tasks: [sorting], worker: false })
  const other = await client.run(run.id)
  await run.feedback(category(0, 'Travel'))
  await other.feedback([category(1, 'Fuel'), category(4, 'Fuel'), category(8, 'Rent')])
  const refused = await other
    .feedback([category(2, 'Rent'), category(0, 'Fuel')])
    .catch((error: { code?: string }) => error.code)
  const tries = await Promise.allSettled(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? run : other).feedback(category(20 + (n % 3), `Word ${n}`))),
  )
  const more = await Promise.all([1, 2, 3].map(() => tl.start(sorting, {}, { scope: 'other' })))
  await Promise.all(more.map((one) => one.result()))
  const given = more.map((one, n) => one.feedback(category(0, `Word ${n}`)))
  await Promise.all(given)
  const atOnce = (await client.memory.list({ scope: 'other' })).items.length
  const { items } = await client.memory.list({ scope: 'shop', limit: 1000 })
  const conflicts = await client.memory.conflicts()
  const corrections = await run.corrections()
  await client.close()
  return {
    refused,
    atOnce,
    won: tries.filter(({ status }) => status === 'fulfilled').length,
    recorded: corrections.length,
    places: new Set(corrections.map(({ path }) => path)).size,
    standing: items.map(({ subject }) => subject).toSorted(),
    isEachRested: items.every(({ evidence }) => evidence.every((one) => one.run === run.id)),
    conflicts: conflicts.length,
    breaks: (await tl.verify()).breaks,
  }
}

const folder = mkdtempSync(join(tmpdir(), 'throughline-feedback-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const stores = { 'a file': () => join(folder, 'f.db'), Postgres: freshSchema }

test.each(Object.entries(stores))(
  'on %s corrections are recorded once, whoever gives them',
  async (_, where) => {
    const address = await where()
    const tl = await open({ store: address, tasks: [sorting] })
    const told = await story(address, tl)
    await tl.close()
    expect(told).toEqual({
      refused: 'feedback_stale',
      atOnce: 1,
      won: 3,
      recorded: 7,
      places: 7,
      standing: ['payee:Payee 0', 'payee:Payee 1', 'payee:Payee 2'],
      isEachRested: true,
      conflicts: 0,
      breaks: [],
    })
  },
)
