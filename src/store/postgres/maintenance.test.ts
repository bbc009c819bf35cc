/** Verifying, rebuilding, pruning, archiving and moving between stores; roles; two versions side by side. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { open as openThroughline, task } from '../../index.ts'
import {
  bodyOf,
  encode,
  kind,
  type Expected,
  type Log,
  type NewEvent,
  type Projection,
} from '../../log/index.ts'
import { administrator, schemaOf } from '../../../test/servers/administrator.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { openSqlite } from '../sqlite/index.ts'
import { grantsTo, openPostgres, type PostgresLog } from './index.ts'

const LONG = { timeout: 120_000 }
const numbered = kind<{ readonly n: number }>('test.numbered')
const event = (n: number, filling = ''): NewEvent => ({
  kind: numbered.name,
  version: 1,
  body: encode({ n, filling }),
})
const summing = (version: number, mode: 'inline' | 'lagging' = 'inline'): Projection => ({
  name: `${mode}_sums`,
  version,
  mode,
  kinds: [numbered.name],
  tables: {
    [`${mode}_sums`]: {
      columns: { stream: 'text', n: 'integer', position: 'integer' },
      key: ['stream'],
      indexes: [{ columns: ['n'] }],
    },
  },
  apply: (one) => [
    {
      put: `${mode}_sums`,
      row: { stream: one.stream, n: bodyOf(numbered, one).n * version, position: one.position },
    },
  ],
})

const opened: Log[] = []
const open = async (
  address: string,
  projections: readonly Projection[] = [summing(1)],
): Promise<PostgresLog> => {
  const log = await openPostgres({ address, projections })
  opened.push(log)
  return log
}
afterEach(() => Promise.all(opened.splice(0).map((log) => log.close())))

const add = (log: Log, stream: string, n: number, filling = '') =>
  log.commit({ appends: [{ stream, expected: 'any', events: [event(n, filling)] }] })

async function asAdministrator(
  address: string,
  sql: (schema: string) => string,
): Promise<readonly Record<string, unknown>[]> {
  const client = await administrator(address)
  try {
    return (await client.query(sql(schemaOf(address)))).rows
  } finally {
    await client.end()
  }
}

test('whatever is changed behind its back is found, and where', LONG, async () => {
  const tamperings: [what: string, sql: (s: string) => string, stream: string, seq: number][] = [
    [
      'a body',
      (s) => `UPDATE ${s}.events SET body = replace(body, '"n":2', '"n":3') WHERE position = 2`,
      'a',
      2,
    ],
    ['a time', (s) => `UPDATE ${s}.events SET at = at + 1 WHERE position = 2`, 'a', 2],
    ['an event removed', (s) => `DELETE FROM ${s}.events WHERE position = 2`, 'a', 2],
    ['the last event removed', (s) => `DELETE FROM ${s}.events WHERE position = 3`, 'a', 3],
    ['a head', (s) => `UPDATE ${s}.streams SET hash = sha256('x') WHERE name = 'a'`, 'a', 3],
    ['a head put back', (s) => `UPDATE ${s}.streams SET seq = 2 WHERE name = 'a'`, 'a', 2],
    ['a blob', (s) => `UPDATE ${s}.blobs SET bytes = set_byte(bytes, 20, 255 - get_byte(bytes, 20))`, 'b', 1],
    ['a blob removed', (s) => `DELETE FROM ${s}.blobs`, 'b', 1],
    ['marked as pruned', (s) => `UPDATE ${s}.streams SET pruned = true WHERE name = 'a'`, 'a', 3],
    ['events of no stream', (s) => `UPDATE ${s}.events SET stream = 99 WHERE position = 4`, 'b', 1],
    ['order', (s) => `UPDATE ${s}.events SET position = 99 WHERE position = 2`, 'a', 3],
  ]
  for (const [what, sql, stream, seq] of tamperings) {
    const address = await freshSchema()
    const log = await open(address)
    for (const n of [1, 2, 3]) await add(log, 'a', n)
    await add(log, 'b', 1, 'large '.repeat(500))
    expect((await log.verify()).breaks, what).toEqual([])
    await asAdministrator(address, sql)
    const { breaks } = await log.verify()
    expect(breaks.length, what).toBeGreaterThan(0)
    expect(breaks[0], what).toMatchObject({ stream, seq })
    expect((await log.verify(stream)).breaks.length, what).toBeGreaterThan(0)
    expect((await log.verify(stream === 'a' ? 'b' : 'a')).breaks, what).toEqual([])
    await log.close()
  }
})

test('streams go to SQLite and come back, hashes, large bodies and digest the same', LONG, async () => {
  const odd = { n: 1, filling: 'a\0b \u{1f600} \u{f8fe}0 "\\ ' }
  const from = await open(await freshSchema())
  await add(from, 'a', 1)
  await add(from, 'a', 2, 'large '.repeat(1000))
  await from.commit({
    appends: [
      {
        stream: 'b',
        expected: { new: true, epoch: 3 },
        continues: 'a',
        tenant: 'acme "\\',
        events: [
          {
            kind: numbered.name,
            version: 1,
            body: encode(odd),
            name: 'x › y',
            ordinal: 2,
            after: 'w#1',
            actor: 'ada "\\\u{f8fe}',
          },
          { kind: 'test.other', version: 1, body: '"text that has \0 in it, as no value of ours has"' },
        ],
      },
    ],
  })
  const move = async (source: Log, target: Log) => {
    const heads = await source.heads()
    const events = (
      await Promise.all(heads.map(async ({ stream }) => (await Array.fromAsync(source.read(stream))).flat()))
    ).flat()
    await target.restore({ heads, events: events.toSorted((x, y) => x.position - y.position) })
  }
  const between = openSqlite({ file: ':memory:', projections: [summing(1)] })
  opened.push(between)
  await move(from, between)
  const back = await open(await freshSchema())
  await move(between, back)
  const verdict = await from.verify()
  expect(verdict.breaks).toEqual([])
  expect(await between.verify()).toEqual(verdict)
  expect(await back.verify()).toEqual(verdict)
  const strip = async (log: Log) =>
    (await Array.fromAsync(log.read('b'))).flat().map((one) => ({
      ...one,
      salt: Buffer.from(one.salt).toString('hex'),
      hash: Buffer.from(one.hash).toString('hex'),
    }))
  expect(await strip(back)).toEqual(await strip(between))
  const rows = (log: Log) => log.select('inline_sums', { order: ['stream'] })
  expect(await rows(back)).toEqual(await rows(from))
  // And it goes on there.
  await add(back, 'b', 3)
  expect((await back.verify()).breaks).toEqual([])
})

test('a large body is stored once, and goes with the last stream that has it', LONG, async () => {
  const address = await freshSchema()
  const log = await open(address)
  const large = 'the same '.repeat(1000)
  for (const stream of ['a', 'b', 'c'])
    await log.commit({ appends: [{ stream, expected: { new: true, epoch: 1 }, events: [event(1, large)] }] })
  await Promise.all(
    ['a', 'b'].map((stream) =>
      log.commit({ appends: [{ stream, expected: { epoch: 1 }, events: [event(1, large)] }] }),
    ),
  )
  const blobs = () => asAdministrator(address, (s) => `SELECT refs FROM ${s}.blobs`)
  expect(await blobs()).toEqual([{ refs: 5 }])
  expect(await log.prune(['a', 'b', 'never was'])).toEqual({ events: 4 })
  expect(await blobs()).toEqual([{ refs: 1 }])
  await log.prune(['c'])
  expect(await blobs()).toEqual([])
  expect(await log.verify()).toMatchObject({ breaks: [], pruned: 3 })
})

test(
  'a view is made anew while others write: no row is lost, and positions are what they were',
  LONG,
  async () => {
    const address = await freshSchema()
    const [log, other] = [
      await open(address, [summing(1), summing(1, 'lagging')]),
      await open(address, [summing(1), summing(1, 'lagging')]),
    ]
    let [isOver, n] = [false, 0]
    const writing = (async () => {
      while (!isOver) await Promise.all([add(other, `s${++n % 50}`, n), add(other, `t${n}`, n)])
    })()
    for (let i = 0; i < 5; i++) {
      await log.rebuild()
      expect((await log.verify()).breaks).toEqual([])
    }
    isOver = true
    await writing
    const rows = await log.select('inline_sums', { order: ['stream'] })
    await log.catchUp()
    expect(await log.select('lagging_sums', { order: ['stream'] })).toEqual(rows)
    await log.rebuild()
    expect(await log.select('inline_sums', { order: ['stream'] })).toEqual(rows)
    expect(rows.length).toBe(Math.min(n, 50) + n)
  },
)

test(
  'when a newer program makes a view anew, an older one is told, and neither spoils it',
  LONG,
  async () => {
    const address = await freshSchema()
    const old = await open(address, [summing(1)])
    await add(old, 'a', 1)
    const young = await open(address, [summing(2)])
    await add(young, 'b', 1)
    await expect(add(old, 'c', 1)).rejects.toMatchObject({ code: 'store_newer' })
    await expect(open(address, [summing(1)])).rejects.toMatchObject({ code: 'store_newer' })
    await add(young, 'c', 1)
    expect((await young.select('inline_sums', { order: ['stream'] })).map((row) => row['n'])).toEqual([
      2, 2, 2,
    ])
  },
)

test(
  'an older program works beside a newer schema, unless the schema says that it must not',
  LONG,
  async () => {
    const address = await freshSchema()
    await add(await open(address), 'a', 1)
    // As a later version would: one table more, and its number.
    await asAdministrator(
      address,
      (s) => `CREATE TABLE ${s}.later (x int); UPDATE ${s}.store SET version = 99`,
    )
    const old = await open(address)
    await add(old, 'a', 2)
    expect((await old.verify()).breaks).toEqual([])
    await asAdministrator(address, (s) => `UPDATE ${s}.store SET oldest = 98`)
    await expect(open(address)).rejects.toMatchObject({ code: 'store_newer', data: { found: 99 } })
  },
)

test('a store of the schema before is brought up to this one, and its roles with it', LONG, async () => {
  const address = await freshSchema()
  await add(await open(address), 'a', 1)
  const role = `app_${schemaOf(address)}`
  await asAdministrator(
    address,
    (s) => `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ${grantsTo(role, schemaOf(address))}
      DROP FUNCTION ${s}.append_1; DROP TABLE ${s}.scrubs; UPDATE ${s}.store SET version = 1`,
  )
  const url = new URL(address)
  ;[url.username, url.password] = [role, 'secret']
  await expect(open(url.href)).rejects.toMatchObject({ code: 'access_denied' })
  await add(await open(address), 'a', 2)
  const app = await open(url.href)
  // An owner's, which goes the short way: see append-function.ts.
  const own = (expected: Expected, n: number) =>
    app.commit({ appends: [{ stream: 'own', expected, events: [event(n)] }] })
  await own({ new: true, epoch: 1 }, 1)
  await own({ epoch: 1 }, 2)
  await expect(own({ epoch: 0 }, 3)).rejects.toMatchObject({ code: 'ownership_lost' })
  await own({ epoch: 1 }, 3)
  expect(await app.verify()).toMatchObject({ breaks: [], events: 5 })
})

test('many programs may open a store that does not exist yet, at once', LONG, async () => {
  const address = await freshSchema()
  const logs = await Promise.all(Array.from({ length: 6 }, () => open(address)))
  await Promise.all(logs.map((log, n) => add(log, 'shared', n)))
  expect(await logs[0]?.verify()).toMatchObject({ breaks: [], events: 6 })
})

test(
  'archived streams are read, followed, verified, rebuilt and pruned as before, and may go on',
  LONG,
  async () => {
    const address = await freshSchema()
    const log = await open(address)
    for (let n = 1; n <= 30; n++) await add(log, `s${n % 3}`, n, n % 10 === 0 ? 'large '.repeat(500) : '')
    // Two of the events were recorded months ago, as far as the tables know.
    const read = async (stream: string) => (await Array.fromAsync(log.read(stream))).flat()
    const before = {
      events: await read('s1'),
      verdict: await log.verify(),
      rows: await log.select('inline_sums', { order: ['stream'] }),
    }
    expect(await log.archive(['s1', 's2', 'never was'])).toEqual({ events: 20 })
    const left = () =>
      asAdministrator(
        address,
        (s) =>
          `SELECT (SELECT count(*)::int FROM ${s}.events) AS live, (SELECT count(*)::int FROM ${s}.events_archive) AS old`,
      )
    expect(await left()).toEqual([{ live: 10, old: 20 }])
    expect(await read('s1')).toEqual(before.events)
    expect(await log.verify()).toEqual(before.verdict)
    expect(await log.verify('s1')).toMatchObject({ events: 10, breaks: [] })
    expect(await log.eventsAt([2, 1, 3, 99])).toMatchObject([
      { position: 2 },
      { position: 1 },
      { position: 3 },
    ])
    await log.rebuild()
    expect(await log.select('inline_sums', { order: ['stream'] })).toEqual(before.rows)
    await add(log, 's1', 31)
    expect((await read('s1')).map((one) => one.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect((await Array.fromAsync(log.read('s1', 9))).flat().map((one) => one.seq)).toEqual([9, 10, 11])
    const stop = new AbortController()
    const positions: number[] = []
    for await (const one of log.follow(0, stop.signal)) if (positions.push(one.position) === 31) stop.abort()
    expect(positions).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
    await log.archive(['s1'])
    expect((await log.verify()).breaks).toEqual([])
    expect(await log.prune(['s1'])).toEqual({ events: 11 })
    expect(await log.verify()).toMatchObject({ breaks: [], pruned: 1 })
    await asAdministrator(
      address,
      (s) => `UPDATE ${s}.events_archive SET body = replace(body, '"n":2,', '"n":3,') WHERE position = 2`,
    )
    expect((await log.verify()).breaks).toMatchObject([{ stream: 's2', seq: 1 }])
  },
)

test(
  'a role that may only add works for everything but pruning, archiving and rebuilding',
  LONG,
  async () => {
    const address = await freshSchema()
    const schema = schemaOf(address)
    const role = `app_${schema}`
    const owner = await open(address, [summing(1), summing(1, 'lagging')])
    await add(owner, 'before', 1)
    await asAdministrator(
      address,
      () => `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ${grantsTo(role, schema)}`,
    )
    const url = new URL(address)
    ;[url.username, url.password] = [role, 'secret']
    const app = await open(url.href, [summing(1), summing(1, 'lagging')])
    const large = 'large '.repeat(500)
    await app.commit({
      appends: [{ stream: 'own', expected: { new: true, epoch: 1 }, events: [event(1, large)] }],
    })
    await app.commit({ appends: [{ stream: 'own', expected: { epoch: 1 }, events: [event(2, large)] }] })
    await add(app, 'inbox', 3)
    await app.catchUp()
    const elsewhere = openSqlite({ file: ':memory:', projections: [summing(1)] })
    opened.push(elsewhere)
    await add(elsewhere, 'imported', 1)
    await app.restore({
      heads: await elsewhere.heads(),
      events: (await Array.fromAsync(elsewhere.read('imported'))).flat(),
    })
    expect((await app.select('inline_sums', {})).length).toBe(4)
    expect((await app.verify()).breaks).toEqual([])
    const denied = { code: 'access_denied', message: expect.stringMatching(/takes the rights of/) }
    await expect(app.prune(['own'])).rejects.toMatchObject(denied)
    await expect(app.archive(['own'])).rejects.toMatchObject(denied)
    await expect(app.rebuild()).rejects.toMatchObject(denied)
    expect(await app.head('store')).toBe(undefined) // nothing was said to have been pruned
    const client = await administrator(url.href)
    for (const sql of [
      `UPDATE ${schema}.events SET body = ''`,
      `DELETE FROM ${schema}.events`,
      `TRUNCATE ${schema}.events`,
      `DELETE FROM ${schema}.streams`,
      `UPDATE ${schema}.streams SET name = 'x'`,
      `DELETE FROM ${schema}.blobs`,
      `UPDATE ${schema}.blobs SET bytes = ''`,
      `DROP TABLE ${schema}.events`,
    ])
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' })
    await client.end()
    // What the owner makes anew is the role's again, without a word.
    await owner.rebuild()
    await add(app, 'inbox', 4)
    const young = await open(address, [summing(2), summing(1, 'lagging')])
    await add(young, 'inbox', 5)
    const app2 = await open(url.href, [summing(2), summing(1, 'lagging')])
    await add(app2, 'inbox', 6)
    expect((await app2.verify()).breaks).toEqual([])
    await expect(open(url.href, [summing(3)])).rejects.toMatchObject(denied)
  },
)

test('the guide shows the privileges that are tested', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/postgres.md'), 'utf8')
  for (const statement of grantsTo('app')
    .split(';\n')
    .filter((one) => one.startsWith('GRANT')))
    expect(guide).toContain(`${statement};`)
})

test('a run is carried on Postgres, and goes on in the next process', LONG, async () => {
  const greet = task({
    name: 'greet',
    async run(ctx, name: string) {
      const words = await ctx.step('compose', () => `Hello ${name}`)
      const mark = await ctx.wait('mark')
      await ctx.sleep('a while', 20)
      return ctx.step('finish', () => `${words}${String(mark)}`)
    },
  })
  const store = await freshSchema()
  const first = await openThroughline({ store, tasks: [greet] })
  const { id } = await first.start(greet, 'Ada', { key: 'one' })
  await first.close()
  const second = await openThroughline({ store, tasks: [greet] })
  const run = await second.run(id)
  await run.signal('mark', '!')
  expect(await run.result()).toBe('Hello Ada!')
  expect((await second.verify()).breaks).toEqual([])
  await second.close()
})
