/**
 * The tables of workers and leases, beside the record: made when a store is first opened by a program that knows them.
 *
 * Nothing of them is part of the record, and nothing of the record rests on them: they may be emptied at any time.
 * Like the store's own, a change of them only adds.
 */
import type { Database } from './database.ts'

/** How long a lease is good without a word of its worker, by the database's clock. One definition, in the database, for all programs. */
export const LEASE_MS = 3000

/**
 * How long a run that was put out of memory is kept in mind, with whom it was carried by. Its body may have been in an await that no record
 * shows, and would have gone on: should its worker die, somebody has to look.
 */
export const RESTED_MS = 60_000

const TABLES = (s: string): string => `
  CREATE TABLE IF NOT EXISTS ${s}.workers (
    id text PRIMARY KEY, name text NOT NULL, started timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen timestamptz NOT NULL DEFAULT clock_timestamp(), concurrency int NOT NULL, tasks jsonb NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE IF NOT EXISTS ${s}.leases (
    run text COLLATE "C" PRIMARY KEY, worker text NOT NULL, taken timestamptz NOT NULL DEFAULT clock_timestamp()
  ) WITH (fillfactor = 70);
  -- Given back, the run not having ended: free, and kept in mind for RESTED_MS, see leases.ts.
  ALTER TABLE ${s}.leases ADD COLUMN IF NOT EXISTS rested timestamptz;
  CREATE INDEX IF NOT EXISTS leases_by_worker ON ${s}.leases (worker);
  CREATE OR REPLACE VIEW ${s}.live_workers AS
    SELECT * FROM ${s}.workers WHERE seen > clock_timestamp() - interval '${LEASE_MS} milliseconds';
  -- Whoever may add to the record may carry its runs.
  DO $$ DECLARE role regrole; BEGIN
    FOR role IN SELECT g.grantee FROM pg_class e, aclexplode(e.relacl) g
      WHERE e.oid = '${s.replaceAll("'", "''")}.events'::regclass AND g.privilege_type = 'INSERT' AND g.grantee NOT IN (e.relowner, 0)
    LOOP
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${s}.workers, ${s}.leases TO %s', role);
      EXECUTE format('GRANT SELECT ON ${s}.live_workers TO %s', role);
    END LOOP;
  END $$;
`

/** Whether the tables are there, as this program knows them. */
export async function isPrepared(database: Database): Promise<boolean> {
  const session = await database.connect()
  try {
    const [row] = await session.ask(
      `SELECT to_regclass($1) IS NOT NULL AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($2) AND attname = 'rested')`,
      [`${database.schema}.live_workers`, `${database.schema}.leases`],
    )
    return row?.[0] === true
  } finally {
    await session.end()
  }
}

/** So often it is tried to make the tables: of two that get in each other's way, one is given up. */
const TRIES = 20
const AGAIN_MS = 50

/** Makes the tables where they are missing. @throws {AccessDenied} */
export async function prepare(database: Database): Promise<void> {
  for (let tries = 1; !(await isPrepared(database)); tries++) {
    try {
      return await make(database)
    } catch (error) {
      if (tries === TRIES || !database.isPassing(error)) throw database.errorOf(error)
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

async function make(database: Database): Promise<void> {
  const session = await database.connect()
  try {
    await session.ask('BEGIN')
    await session.ask('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `throughline dispatch ${database.schema}`,
    ])
    await session.ask(TABLES(database.schema))
    await session.ask('COMMIT')
  } finally {
    await session.end()
  }
}
