/**
 * What growth costs on Postgres: `node --conditions=throughline-source test/speed/grown.ts [finished runs]`.
 *
 * One real run of ten events is recorded, and copied in the database until there are as many as asked for (the copies' chains are
 * not meant to verify: only their number and size matter here). Then starting, listing and showing are timed against an empty store
 * on the same server, by turns.
 */
import pg from 'pg'
import { open, task, type Throughline } from 'throughline'
import { PostgresServer } from '../servers/postgres.ts'

const runs = Number(process.argv[2] ?? 1_000_000)
const AT_ONCE = 50_000
const ROUNDS = 60

const seven = task({
  name: 'seven',
  async run(ctx) {
    for (let i = 0; i < 7; i++) await ctx.step(`step-${i}`, () => 'x'.repeat(180))
    return 'done'
  },
})

const elsewhere = process.env['THROUGHLINE_TEST_POSTGRES']
const server = elsewhere === undefined ? await PostgresServer.start() : undefined
const at = (schema: string) => {
  const url = new URL(elsewhere ?? server?.url ?? '')
  url.searchParams.set('schema', schema)
  return url.href
}
const [small, large] = [`small_${process.pid}`, `large_${process.pid}`]

/** Copies of the only run of the schema. */
async function grow(client: pg.Client, s: string): Promise<void> {
  const { rows } = await client.query(`SELECT id, name FROM ${s}.streams ORDER BY id LIMIT 1`)
  const { id, name } = rows[0] as { id: string; name: string }
  const columns = async (table: string) =>
    (
      await client.query(
        `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`,
        [s, table],
      )
    ).rows.map((row: { name: string }) => row.name)
  const copied = (names: readonly string[], own: Readonly<Record<string, string>>) =>
    names.map((column) => own[column] ?? `x."${column}"`).join(', ')
  const quoted = (names: readonly string[]) => names.map((column) => `"${column}"`).join(', ')
  const inStreams = (await columns('streams')).filter((column) => column !== 'id')
  const [inEvents, inRuns] = [await columns('events'), await columns('runs')]
  for (let from = 0; from < runs; from += AT_ONCE) {
    const numbers = `generate_series(${from + 1}, ${Math.min(from + AT_ONCE, runs)}) AS g`
    await client.query(`WITH made AS (
        INSERT INTO ${s}.streams (${quoted(inStreams)})
          SELECT ${copied(inStreams, { name: `'copy_' || g` })} FROM ${s}.streams x, ${numbers} WHERE x.id = ${id} RETURNING id, name)
      INSERT INTO ${s}.events (${quoted(inEvents)})
        SELECT ${copied(inEvents, { stream: 'made.id', position: `(substr(made.name, 6)::bigint * 20) + x.position + 1000` })}
        FROM ${s}.events x, made WHERE x.stream = ${id}`)
    await client.query(`INSERT INTO ${s}.runs (${quoted(inRuns)})
      SELECT ${copied(inRuns, { run: `'copy_' || g`, stream: `'copy_' || g`, position: 'g::bigint * 20 + 1001' })}
      FROM ${s}.runs x, ${numbers} WHERE x.run = '${name}'`)
    process.stderr.write(`\r${Math.min(from + AT_ONCE, runs).toLocaleString('en')} runs `)
  }
  await client.query(`UPDATE ${s}.tip SET position = (SELECT max(position) FROM ${s}.events)`)
  await client.query(`VACUUM ANALYZE ${s}.streams, ${s}.events, ${s}.runs`)
}

const work: Readonly<Record<string, (tl: Throughline, some: string) => Promise<unknown>>> = {
  'start a run, to its end': async (tl) => (await tl.start(seven, undefined)).result(),
  'list the newest fifty': (tl) => tl.runs.list(),
  'list what waits': (tl) => tl.runs.list({ status: 'waiting' }),
  'list one task': (tl) => tl.runs.list({ task: 'seven', limit: 20 }),
  'show a run': async (tl, some) => {
    const run = await tl.run(some)
    await run.info()
    return Array.fromAsync(run.history())
  },
}

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0

try {
  for (const schema of [small, large]) {
    const tl = await open({ store: at(schema), tasks: [seven] })
    await (await tl.start(seven, undefined)).result()
    await tl.close()
  }
  const client = new pg.Client({ connectionString: at(large) })
  await client.connect()
  await grow(client, large)
  const count = async (table: string) =>
    Number((await client.query(`SELECT count(*) FROM ${large}.${table}`)).rows[0].count)
  const { rows } = await client.query(
    `SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'`,
    [large],
  )
  const [runsThere, eventsThere] = [await count('runs'), await count('events')]
  console.log(
    `\n${runsThere.toLocaleString('en')} runs, ${eventsThere.toLocaleString('en')} events, ${(Number(rows[0].bytes) / 1e9).toFixed(2)} GB with indexes (${Math.round(Number(rows[0].bytes) / eventsThere)} bytes an event)`,
  )
  const stores = await Promise.all(
    [small, large].map((schema) => open({ store: at(schema), tasks: [seven] })),
  )
  const ids = await Promise.all(
    stores.map(async (tl) => (await tl.runs.list({ limit: 1 })).runs[0]?.id ?? ''),
  )
  ids[1] = `copy_${Math.ceil(runs / 2)}`
  for (const [what, act] of Object.entries(work)) {
    const times: [number[], number[]] = [[], []]
    for (let round = -10; round < ROUNDS; round++)
      for (const [i, tl] of stores.entries()) {
        const from = performance.now()
        await act(tl, ids[i] ?? '')
        if (round >= 0) times[i]?.push(performance.now() - from)
      }
    const [empty, grown] = times.map(median) as [number, number]
    console.log(
      `${what.padEnd(28)} empty ${empty.toFixed(2).padStart(7)} ms   grown ${grown.toFixed(2).padStart(7)} ms   ${(grown / empty).toFixed(2)} ×`,
    )
  }
  for (const tl of stores) await tl.close()
  for (const schema of [small, large]) await client.query(`DROP SCHEMA ${schema} CASCADE`)
  await client.end()
} finally {
  await server?.stop()
}
