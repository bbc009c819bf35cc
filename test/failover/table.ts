/** A table that effects write to. Nothing in it keeps a second row of one key out: the layer has to. */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const pools = new Map<string, pg.Pool>()
const AGAIN_MS = 200

function poolOf(database: string): pg.Pool {
  const known = pools.get(database)
  if (known) return known
  const pool = new pg.Pool({ connectionString: database, max: 4, allowExitOnIdle: true })
  pool.on('error', () => {}) // the next connection is a new one
  pools.set(database, pool)
  return pool
}

export async function makeTable(database: string): Promise<void> {
  await poolOf(database).query(
    'CREATE TABLE IF NOT EXISTS public.bookings (key text NOT NULL, n int NOT NULL)',
  )
}

export async function insertBooking(database: string, key: string, n: number): Promise<number> {
  await poolOf(database).query('INSERT INTO public.bookings VALUES ($1, $2)', [key, n])
  return n
}

/** Asks until there is an answer. */
export async function booked(database: string, key: string): Promise<boolean> {
  for (;;) {
    try {
      const { rowCount } = await poolOf(database).query('SELECT 1 FROM public.bookings WHERE key = $1', [key])
      return (rowCount ?? 0) > 0
    } catch {
      await pause(AGAIN_MS)
    }
  }
}

/** Keys that are there more than once; they are removed, so that each is told once. */
export async function takeDoubles(database: string): Promise<readonly string[]> {
  const { rows } = await poolOf(database).query<{ key: string }>(
    `DELETE FROM public.bookings WHERE key IN (SELECT key FROM public.bookings GROUP BY key HAVING count(*) > 1) RETURNING key`,
  )
  return [...new Set(rows.map(({ key }) => key))]
}

export async function closeTables(): Promise<void> {
  await Promise.all([...pools.values()].map((pool) => pool.end()))
  pools.clear()
}
