/** Removing the events of streams, and the blobs nobody refers to any more. Within a transaction. */
import type { PoolClient } from 'pg'
import { ask } from './connection.ts'
import { quote, toStore } from './text.ts'

export async function deleteEvents(
  client: PoolClient,
  schema: string,
  streams: readonly string[],
): Promise<number> {
  const s = quote(schema)
  // Whoever writes counts blobs: nobody does meanwhile.
  await client.query(`SELECT 1 FROM ${s}.tip FOR UPDATE`)
  const [row] = await ask(client, {
    text: `
      WITH gone AS (SELECT id FROM ${s}.streams WHERE name = ANY ($1::text[]) AND NOT pruned),
        live AS (DELETE FROM ${s}.events e USING gone WHERE e.stream = gone.id RETURNING e.blob),
        old AS (DELETE FROM ${s}.events_archive e USING gone WHERE e.stream = gone.id RETURNING e.blob),
        marked AS (UPDATE ${s}.streams SET pruned = true FROM gone WHERE streams.id = gone.id),
        freed AS (SELECT blob, count(*) AS times FROM (SELECT blob FROM live UNION ALL SELECT blob FROM old) b WHERE blob IS NOT NULL GROUP BY blob),
        fewer AS (UPDATE ${s}.blobs SET refs = refs - freed.times FROM freed WHERE blobs.id = freed.blob)
      SELECT (SELECT count(*) FROM live) + (SELECT count(*) FROM old)`,
    values: [streams.map(toStore)],
    isLong: true,
  })
  await client.query(`DELETE FROM ${s}.blobs WHERE refs <= 0`)
  return Number(row?.[0])
}
