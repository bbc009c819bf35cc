/** What is stored of events that were erased: their places, and what the chain needs of them. */
import type { PoolClient } from 'pg'
import type { Places } from '../../log/index.ts'
import { emptied, type Emptied } from '../erasing.ts'
import { byteas, int4s, int8s } from './arrays.ts'
import { ask } from './connection.ts'
import { PAGE, type Reader } from './reader.ts'
import { quote } from './text.ts'

export interface Destroyed {
  readonly events: number
  readonly blobs: number
  readonly bytes: number
}

/** Within a transaction that holds the row of `tip`; what is gone already, and what is not here, is passed over. */
export async function destroy(
  client: PoolClient,
  schema: string,
  reader: Reader,
  places: Places,
): Promise<Destroyed> {
  let [events, bytes] = [0, 0]
  for (const [stream, ranges] of Object.entries(places))
    for (const [from, to] of ranges)
      for (let next = from; next <= to;) {
        const page = await reader.page({ stream, from: next })
        const gone = page.filter(({ seq }) => seq <= to).flatMap((event) => emptied(event) ?? [])
        if (gone.length > 0) await empty(client, schema, gone)
        events += gone.length
        for (const one of gone) bytes += one.bytes
        next = (page.at(-1)?.seq ?? to) + 1
        if (page.length < PAGE) break
      }
  if (events === 0) return { events, blobs: 0, bytes }
  const s = quote(schema)
  const [row] = await ask(client, {
    text: `WITH gone AS (DELETE FROM ${s}.blobs WHERE refs <= 0 RETURNING 1) SELECT count(*) FROM gone`,
  })
  await client.query(`INSERT INTO ${s}.scrubs VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING`)
  return { events, blobs: Number(row?.[0]), bytes }
}

async function empty(client: PoolClient, schema: string, gone: readonly Emptied[]): Promise<void> {
  const s = quote(schema)
  const values = [
    int8s(gone.map(({ event }) => event.position)),
    byteas(gone.map(({ digest }) => digest)),
    byteas(gone.map(({ seal }) => seal)),
    int4s(gone.map(({ keepsLabels }) => (keepsLabels ? 1 : 0))),
  ]
  for (const table of ['events', 'events_archive'])
    await ask(client, {
      text: `
        WITH gone AS (SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::int[]) AS g(at, digest, seal, keeps)),
          freed AS (SELECT e.blob, count(*) AS times FROM ${s}.${table} e JOIN gone ON e.position = gone.at WHERE e.blob IS NOT NULL GROUP BY e.blob),
          fewer AS (UPDATE ${s}.blobs SET refs = refs - freed.times FROM freed WHERE blobs.id = freed.blob)
        UPDATE ${s}.${table} e SET body = NULL, blob = NULL, digest = gone.digest, seal = gone.seal,
          name = CASE keeps WHEN 1 THEN e.name END, after = CASE keeps WHEN 1 THEN e.after END, actor = CASE keeps WHEN 1 THEN e.actor END
          FROM gone WHERE e.position = gone.at`,
      values,
      isLong: true,
    })
}
