/**
 * How fast a store on Postgres commits: `node --conditions=throughline-source test/speed/postgres.ts [seconds]`.
 *
 * By the server that the tests use, started for this, or by the one THROUGHLINE_TEST_POSTGRES names. Says what the disk allows first:
 * one row, one commit, on a plain connection.
 */
import pg from 'pg'
import { openPostgres } from '../../src/store/postgres/index.ts'
import { projections } from '../../src/app/projections.ts'
import { encode, type Change, type Log } from '../../src/log/index.ts'
import { events as kinds } from '../../src/run/index.ts'
import { eventOf } from '../../src/log/index.ts'
import { PostgresServer } from '../servers/postgres.ts'

const seconds = Number(process.argv[2] ?? 5)
const elsewhere = process.env['THROUGHLINE_TEST_POSTGRES']
const server = elsewhere === undefined ? await PostgresServer.start() : undefined
const url = new URL(elsewhere ?? server?.url ?? '')

const body = encode({ text: 'x'.repeat(188) })
const step = { kind: 'step.completed', version: 1, name: 'charge', ordinal: 1, after: 'reserve#1', body }
const median = (times: number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
const say = (what: string, rate: number, times: number[]): void =>
  console.log(
    `${what.padEnd(56)} ${Math.round(rate).toLocaleString('en').padStart(9)} /s   median ${median(times).toFixed(2)} ms`,
  )

async function during(work: (n: number) => Promise<number>): Promise<{ rate: number; times: number[] }> {
  for (let n = 0; n < 20; n++) await work(-1 - n)
  const times: number[] = []
  const from = performance.now()
  let done = 0
  for (let n = 0; performance.now() - from < seconds * 1000; n++) {
    const began = performance.now()
    done += await work(n)
    times.push(performance.now() - began)
  }
  return { rate: (done / (performance.now() - from)) * 1000, times }
}

async function streams(log: Log, prefix: string, count: number): Promise<void> {
  const create = (i: number): Change => ({
    appends: [{ stream: `${prefix}${i}`, expected: { new: true, epoch: 1 }, events: [step] }],
  })
  await Promise.all(Array.from({ length: count }, (_, i) => log.commit(create(i))))
}

const own = (stream: string): Change => ({ appends: [{ stream, expected: { epoch: 1 }, events: [step] }] })

try {
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  const [{ server_version: version, synchronous_commit: sync, fsync }] = (
    await client.query(
      `SELECT current_setting('server_version') AS server_version, current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync`,
    )
  ).rows
  console.log(`Postgres ${version}, synchronous_commit ${sync}, fsync ${fsync}`)
  await client.query('CREATE TABLE IF NOT EXISTS speed_one (n int)')
  const one = await during(async (n) => {
    await client.query({ name: 'one', text: 'INSERT INTO speed_one VALUES ($1)', values: [n] })
    return 1
  })
  say('the server: one row, one commit', one.rate, one.times)
  const nothing = await during(async () => {
    await client.query({ name: 'nothing', text: 'SELECT 1' })
    return 1
  })
  say('the server: a round trip', nothing.rate, nothing.times)
  await client.query('DROP TABLE speed_one')
  await client.end()

  url.searchParams.set('schema', `speed_${process.pid}`)
  const log = await openPostgres({ address: url.href, projections })
  await streams(log, 's', 1000)
  const single = await during(async (n) => {
    await log.commit(own(`s${Math.abs(n) % 1000}`))
    return 1
  })
  say('one append at a time', single.rate, single.times)
  const message = await during(async (n) => {
    const event = eventOf(kinds.messageSent, { kind: 'signal', id: `m${n}`, name: 'go', payload: 1 })
    await log.commit({ appends: [{ stream: 's1/inbox', expected: 'any', events: [event] }] })
    return 1
  })
  say('one message at a time (a shared stream, two rows)', message.rate, message.times)
  for (const size of [10, 100, 500]) {
    const batch = await during(async (n) => {
      await Promise.all(
        Array.from({ length: size }, (_, i) => log.commit(own(`s${(Math.abs(n) * size + i) % 1000}`))),
      )
      return size
    })
    say(`batches of ${size} owner appends, one after the other`, batch.rate, batch.times)
  }
  let under = 0
  const flood = await during(async () => {
    // 400 runs that never wait for each other: a new append as soon as the last of its run is in.
    const until = performance.now() + 500
    const before = under
    await Promise.all(
      Array.from({ length: 400 }, async (_, i) => {
        while (performance.now() < until) {
          await log.commit(own(`s${i}`))
          under++
        }
      }),
    )
    return under - before
  })
  say('400 runs, each a step after the other', flood.rate, [])
  const starts = await during(async (n) => {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const run = `run_${n}_${i}`
        const started = eventOf(kinds.runStarted, {
          run,
          chapter: 1,
          task: 't',
          version: '1',
          key: run,
          input: { n },
          seed: 'x',
        } as never)
        return log.commit({ appends: [{ stream: run, expected: { new: true }, events: [started] }] })
      }),
    )
    return 100
  })
  say('batches of 100 starts (a stream and two rows each)', starts.rate, starts.times)
  const verdict = await log.verify()
  console.log(`${verdict.events.toLocaleString('en')} events verified, ${verdict.breaks.length} breaks`)
  await log.close()
  await server?.dispose()
} finally {
  await server?.dispose()
}
