/**
 * Random histories, written to SQLite and to Postgres: the same changes are accepted and refused, for the same reasons, and leave the
 * same rows and heads; however the changes fall into batches, and whoever else writes.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  bodyOf,
  encode,
  kind,
  type Change,
  type Expected,
  type Log,
  type NewEvent,
  type Projection,
} from '../../log/index.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { openSqlite } from '../sqlite/index.ts'
import { openPostgres } from './index.ts'

const LONG = { timeout: 300_000 }
/** Plain events change nothing; the others do, as their names say. */
const plain = 'plain'
const put = kind<{ readonly key: number; readonly at: boolean }>('put')
const insert = kind<{ readonly key: number }>('insert')
const patch = kind<{ readonly key: number; readonly must: boolean }>('patch')
const remove = kind<{ readonly key: number }>('remove')

const marks: Projection = {
  name: 'marks',
  version: 1,
  mode: 'inline',
  kinds: [put, insert, patch, remove].map(({ name }) => name),
  tables: {
    marks: {
      columns: { key: 'text', stream: 'text', position: 'integer', seq: 'integer', note: 'text' },
      key: ['key'],
      indexes: [{ columns: ['stream', 'position'] }],
    },
  },
  apply(event) {
    const { key: number } = bodyOf<{ key: number }>({ ...put, name: event.kind }, event)
    const [key, { stream, position, seq }] = [`k${number}`, event]
    switch (event.kind) {
      case put.name:
        return [{ put: 'marks', row: { key, stream, position, seq } }]
      case insert.name:
        return [{ insert: 'marks', row: { key, stream, position: position + 1, seq, note: 'new' } }]
      case patch.name:
        return [
          { patch: 'marks', set: { note: 'p\\"{},NULL', position: null }, where: { key, note: null } },
          {
            patch: 'marks',
            set: { seq },
            where: { key },
            must: bodyOf<{ must: boolean }>({ ...patch, name: event.kind }, event).must,
          },
        ]
      default:
        return [{ remove: 'marks', where: { key } }]
    }
  },
}

const key = fc.integer({ min: 0, max: 3 })
const anEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: plain, version: 1, name: 'step', ordinal: 1, body: '1' }) },
  { weight: 1, arbitrary: fc.constant({ kind: plain, version: 1, body: encode('large '.repeat(300)) }) },
  ...[put, insert, patch, remove].map(({ name }) => ({
    weight: 1,
    arbitrary: fc
      .record({ key, must: fc.boolean() })
      .map((body) => ({ kind: name, version: 1, body: encode(body) })),
  })),
)
const stream = fc.constantFrom('a', 'b', 'c')
const expected: fc.Arbitrary<Expected> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }).map((epoch) => ({ epoch })) },
  { weight: 2, arbitrary: fc.constant('any' as const) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map((epoch) => ({ new: true as const, epoch })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map((claim) => ({ claim })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 }).map((seq) => ({ seq })) },
)
const append = fc.record(
  { stream, expected, events: fc.array(anEvent, { minLength: 1, maxLength: 3 }), continues: stream },
  { requiredKeys: ['stream', 'expected', 'events'] },
)
const change: fc.Arbitrary<Change> = fc.record(
  {
    appends: fc.oneof(
      { weight: 3, arbitrary: fc.array(append, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(append, { minLength: 2, maxLength: 3 }) },
    ),
    unless: fc.array(
      key.map((n) => ({ table: 'marks', where: { key: `k${n}` } })),
      { minLength: 1, maxLength: 1 },
    ),
  },
  { requiredKeys: ['appends'] },
)
/** Batches, one after the other. */
const history = fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 })

const REFUSED = new Set(['ownership_lost', 'stream_moved', 'already_there', 'guard_failed'])

async function outcomes(log: Log, batch: readonly Change[]): Promise<readonly unknown[]> {
  return Promise.all(
    batch.map((one) =>
      log.commit(one).then(
        ({ firstSeq }) => firstSeq,
        (error: unknown) => {
          const { code = String(error) } = error as { code?: string }
          // Where there may be two reasons, the stores need not agree which to tell.
          return REFUSED.has(code) && (one.unless || one.appends.length > 1) ? 'refused' : code
        },
      ),
    ),
  )
}

/** What is left: heads, rows and events, without what is drawn (salts, and so hashes) and when. */
async function state(log: Log): Promise<unknown> {
  const heads = await log.heads()
  const events = await Promise.all(
    heads.map(async (head) => (await Array.fromAsync(log.read(head.stream))).flat()),
  )
  return {
    heads: heads.map((head) => [head.stream, head.seq, head.epoch, head.continues?.stream]),
    rows: (await log.select('marks', { order: ['key'] })).map((row) => ({
      ...row,
      position: row['position'] === null ? null : 'one',
    })),
    events: events.map((some) => some.map((one) => [one.seq, one.kind, one.name, one.body])),
    breaks: (await log.verify()).breaks.toSorted((a, b) => a.stream.localeCompare(b.stream)),
  }
}

const clock = { now: () => 1_000, at: () => () => {} }
let address = ''
beforeAll(async () => {
  address = await freshSchema()
}, 120_000)
const opened: Log[] = []
afterAll(() => Promise.all(opened.map((log) => log.close())))

test('the same changes are accepted on both stores, and leave the same', LONG, async () => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(history, async (batches) => {
      const sqlite = openSqlite({ file: ':memory:', projections: [marks], clock })
      const postgres = await openPostgres({ address: `${address}_${++runs}`, projections: [marks], clock })
      try {
        for (const batch of batches)
          expect(await outcomes(postgres, batch)).toEqual(await outcomes(sqlite, batch))
        const left = await state(postgres)
        expect(left).toEqual(await state(sqlite))
        await postgres.rebuild()
        expect(await state(postgres)).toEqual(left)
      } finally {
        await Promise.all([sqlite.close(), postgres.close()])
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 60) },
  )
})
