/** What is erased is in no row of any table of a server; whoever still looks at it as it was holds up the rest. */
import { expect, test } from 'vitest'
import { open } from 'throughline'
import { openPersonal, recordPersonal, SECRETS, SUBJECT } from '../faults/personal.ts'
import { administrator, schemaOf } from '../servers/administrator.ts'
import { freshSchema } from '../servers/schemas.ts'

const LONG = { timeout: 120_000 }
const why = { because: 'ticket 17', by: 'dpo' }

type Client = Awaited<ReturnType<typeof administrator>>

async function tablesOf(client: Client, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
    [`"${schema}"`],
  )
  return rows.map(({ name }) => String(name))
}

/** What of the secrets any row of any table holds. */
async function found(client: Client, schema: string): Promise<string[]> {
  const secrets: string[] = []
  for (const table of await tablesOf(client, schema))
    for (const secret of SECRETS) {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM ${table} t WHERE strpos(t::text, $1) > 0`,
        [secret],
      )
      if (Number(rows[0]?.n) > 0) secrets.push(`${table}: ${secret}`)
    }
  return secrets
}

/** Tables that were not vacuumed: versions of rows that are no more may still be there. */
async function unvacuumed(client: Client, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    'SELECT relname FROM pg_stat_user_tables WHERE schemaname = $1 AND last_vacuum IS NULL',
    [schema],
  )
  return rows.map(({ relname }) => String(relname)).filter((table) => table !== 'events_archive')
}

test('what went through recall, a brief and a model is in no row of the store afterwards', LONG, async () => {
  const address = await freshSchema()
  const schema = schemaOf(address)
  const client = await administrator(address)
  const tl = await openPersonal(address)
  const others = await recordPersonal(tl, 8)
  expect((await found(client, schema)).length).toBeGreaterThan(4)
  await tl.runs.archive({ before: new Date(Date.now() + 1000) })

  const would = await tl.memory.erase(SUBJECT, { ...why, dryRun: true })
  expect((await found(client, schema)).length).toBeGreaterThan(4)
  const erased = await tl.memory.erase(SUBJECT, why)
  expect(erased).toMatchObject({ versions: 4, state: 'done', events: would.events, blobs: would.blobs })
  expect(await found(client, schema)).toEqual([])
  expect(await unvacuumed(client, schema)).toEqual([])
  expect((await tl.memory.list({ limit: 1000 })).items.length).toBe(others.items)
  expect((await tl.runs.list({ task: 'bystanding', status: 'done' })).runs.length).toBe(others.runs)
  expect((await tl.verify()).breaks).toEqual([])
  const [run = ''] = erased.runs
  await expect((await tl.run(run)).resume()).rejects.toMatchObject({ code: 'run_erased' })

  const tables = [
    'items',
    'item_links',
    'runs',
    'keys',
    'inbox',
    'plans',
    'briefs',
    'acknowledgements',
    'threads',
  ]
  const sorted = async () =>
    Promise.all(
      tables.map(async (table) => (await tl.log.select(table, {})).map((row) => JSON.stringify(row)).sort()),
    )
  const views = await sorted()
  await tl.rebuild()
  expect(await sorted()).toEqual(views)

  const { digest } = await tl.verify()
  await using file = await open({ store: 'memory:', worker: false })
  const lines = await Array.fromAsync(tl.export())
  expect(SECRETS.filter((secret) => lines.some((line) => line.includes(secret)))).toEqual([])
  await file.import(lines)
  expect(await file.verify()).toMatchObject({ breaks: [], digest })

  const stream = `erasure:${erased.ids[0]}/`
  await client.query(
    `DELETE FROM "${schema}".events WHERE stream = (SELECT id FROM "${schema}".streams WHERE name = $1)`,
    [stream],
  )
  await client.query(`DELETE FROM "${schema}".streams WHERE name = $1`, [stream])
  const { breaks } = await tl.verify()
  expect(breaks.length).toBeGreaterThan(10)
  expect(new Set(breaks.map(({ reason }) => reason))).toEqual(
    new Set(['what it said is gone, and no erasure on the record names it']),
  )
  await tl.close()
  await client.end()
})

test(
  'while a transaction still sees what was there it is pending, and is finished without anybody asking',
  LONG,
  async () => {
    const address = await freshSchema()
    const schema = schemaOf(address)
    const client = await administrator(address)
    const tl = await openPersonal(address)
    await recordPersonal(tl, 2)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    expect((await found(client, schema)).length).toBeGreaterThan(4)
    expect((await tl.memory.erase(SUBJECT, why)).state).toBe('pending')
    expect((await found(client, schema)).length).toBeGreaterThan(4)
    const other = await administrator(address)
    expect(await found(other, schema)).toEqual([])
    const left = async () =>
      (await other.query(`SELECT count(*)::int AS n FROM "${schema}".scrubs`)).rows[0]?.n as number
    expect(await left()).toBe(1)
    await client.query('COMMIT')
    await expect.poll(left, { timeout: 30_000 }).toBe(0)
    await tl.close()
    await client.end()
    await other.end()
  },
)

test('an erasure travels from a file to a server that has the same streams', LONG, async () => {
  const address = await freshSchema()
  const client = await administrator(address)
  const here = await openPersonal('memory:')
  await recordPersonal(here, 2)
  const there = await open({ store: address, worker: false })
  await there.import(await Array.fromAsync(here.export()))
  expect((await found(client, schemaOf(address))).length).toBeGreaterThan(4)
  await here.memory.erase(SUBJECT, why)
  await there.import(await Array.fromAsync(here.export()))
  expect(await found(client, schemaOf(address))).toEqual([])
  expect((await there.verify()).breaks).toEqual([])
  await there.close()
  await here.close()
  await client.end()
})
