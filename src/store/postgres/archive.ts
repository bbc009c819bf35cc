/**
 * Streams that ended long ago, moved out of the way: their events lie in `events_archive`, a table for each month.
 *
 * R1. What is archived is read, followed, verified and pruned as before; only whoever looks into the tables sees a difference.
 * R2. A stream that goes on after all goes on among the others: what was archived comes before it.
 * R3. Positions, hashes and heads stay.
 *
 * Which streams have ended is not known here.
 */
import type { PoolClient } from 'pg'
import { ask } from './connection.ts'
import { quote, toStore } from './text.ts'

/** Within a transaction. */
export async function archiveEvents(
  client: PoolClient,
  schema: string,
  streams: readonly string[],
): Promise<number> {
  const s = quote(schema)
  const names = [streams.map(toStore)]
  const months = await ask(client, {
    text: `SELECT DISTINCT to_char(date_trunc('month', to_timestamp(e.at / 1000.0) AT TIME ZONE 'UTC'), 'YYYY-MM')
      FROM ${s}.events e JOIN ${s}.streams s ON s.id = e.stream WHERE s.name = ANY ($1::text[]) ORDER BY 1`,
    values: names,
  })
  for (const [month] of months) await createMonth(client, s, String(month))
  const [row] = await ask(client, {
    text: `
      WITH chosen AS (SELECT id FROM ${s}.streams WHERE name = ANY ($1::text[])),
        moved AS (DELETE FROM ${s}.events e USING chosen WHERE e.stream = chosen.id RETURNING e.*),
        kept AS (INSERT INTO ${s}.events_archive SELECT * FROM moved RETURNING 1),
        marked AS (UPDATE ${s}.streams SET archived = true FROM chosen WHERE streams.id = chosen.id)
      SELECT count(*) FROM kept`,
    values: names,
    isLong: true,
  })
  return Number(row?.[0])
}

async function createMonth(client: PoolClient, s: string, month: string): Promise<void> {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  const [from, to] = [Date.UTC(year, number - 1), Date.UTC(year, number)]
  const table = `${s}.${quote(`events_archive_${month.replace('-', '_')}`)}`
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${table} PARTITION OF ${s}.events_archive FOR VALUES FROM (${from}) TO (${to})`,
  )
}
