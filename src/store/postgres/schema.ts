/**
 * The tables, and how an older schema becomes a newer one: forward only, all steps in one transaction, under a lock.
 *
 * Two versions of a program may run at once while one takes the other's place, so a migration adds and never takes away: an older
 * program goes on beside it. Where that cannot be, the migration raises `oldest`, and older programs refuse the store.
 */
import type { PoolClient } from 'pg'
import { ForeignStore, StoreMissing, StoreNewer } from '../errors.ts'
import type { Address } from './address.ts'
import { appendFunction } from './append-function.ts'
import { changeRowsFunction } from './change-rows.ts'
import { ask, type Values } from './connection.ts'
import { AccessDenied, codeOf, PostgresTooOld } from './errors.ts'
import { quote } from './text.ts'
import { writeFunction } from './write-function.ts'

const OLDEST_SERVER = 160_000
/** What a schema of ours says of itself: its comment. */
const MARK = 'Throughline store'

interface Migration {
  /** The oldest schema whose programs may still write once this is done. */
  readonly oldest: number
  readonly sql: (schema: string) => string
}

const MIGRATIONS: readonly Migration[] = [
  {
    oldest: 1,
    sql: (s) => `
  CREATE TABLE ${s}.store (one boolean PRIMARY KEY DEFAULT true CHECK (one), name text NOT NULL, version int NOT NULL, oldest int NOT NULL);
  INSERT INTO ${s}.store VALUES (true, gen_random_uuid(), 0, 0);

  -- The newest event. Whoever writes holds this row until the commit is there to be read: so positions rise in the order of commits,
  -- and no reader can skip one. views: raised whenever a view is made anew, so that no writer goes on with an older program's.
  CREATE TABLE ${s}.tip (one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint NOT NULL, at bigint NOT NULL, views bigint NOT NULL) WITH (fillfactor = 10);
  INSERT INTO ${s}.tip VALUES (true, 0, 0, 0);

  -- Whose a value is: what is erased together, and shared with nobody outside.
  CREATE TABLE ${s}.domains (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE, key bytea NOT NULL);

  CREATE TABLE ${s}.streams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq bigint NOT NULL, epoch bigint NOT NULL, hash bytea NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE, tenant text NOT NULL, continues text, continues_hash bytea,
    pruned boolean NOT NULL DEFAULT false, archived boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 70);

  -- seal: 16 bytes of salt, 32 of hash. digest: set once salt and body have been destroyed. domain: null for the tenant's own.
  CREATE TABLE ${s}.events (
    position bigint PRIMARY KEY, stream bigint NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, ordinal bigint, blob bigint,
    version int NOT NULL, domain int, encoding int NOT NULL,
    kind text NOT NULL, name text, after text, actor text, key_id text, body text, digest bytea, seal bytea NOT NULL
  );
  CREATE UNIQUE INDEX events_by_stream ON ${s}.events (stream, seq);

  -- Streams that ended long ago, moved here whole; by the month of their events, so that a month can be detached, copied or dropped.
  CREATE TABLE ${s}.events_archive (LIKE ${s}.events INCLUDING STORAGE) PARTITION BY RANGE (at);
  CREATE INDEX ON ${s}.events_archive (stream, seq);
  CREATE INDEX ON ${s}.events_archive (position);

  CREATE TABLE ${s}.blobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, domain int NOT NULL, refs int NOT NULL, size int NOT NULL,
    address bytea NOT NULL, bytes bytea NOT NULL, UNIQUE (domain, address)
  );
  CREATE INDEX ON ${s}.blobs (id) WHERE refs <= 0;
  ALTER TABLE ${s}.blobs ALTER bytes SET STORAGE EXTERNAL; -- compressed already

  CREATE TABLE ${s}.projections (name text PRIMARY KEY, version int NOT NULL, position bigint NOT NULL);
  ${writeFunction(s)}
  ${changeRowsFunction(s)}
  `,
  },
  { oldest: 1, sql: appendFunction },
  {
    // An older program takes events whose labels are in the digest for tampered with.
    oldest: 3,
    // Erasures whose old row versions may still be in the tables: the transactions that erased.
    sql: (s) => `CREATE TABLE ${s}.scrubs (xid xid8 PRIMARY KEY);`,
  },
]

/** The schema this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Refuses what must not be touched. @throws {PostgresTooOld} @throws {ForeignStore} @throws {StoreNewer} */
export async function inspect(client: PoolClient, address: Address): Promise<number> {
  const [server] = await ask(client, {
    text: `SELECT current_setting('server_version_num')::int, current_setting('server_version')`,
  })
  if (Number(server?.[0]) < OLDEST_SERVER) throw new PostgresTooOld(address.shown, String(server?.[1]))
  const [found] = await ask(client, {
    text: `SELECT obj_description(n.oid, 'pg_namespace'),
        (SELECT array_to_json(array_agg(relname ORDER BY relname))::text FROM (SELECT relname FROM pg_class WHERE relnamespace = n.oid AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY relname LIMIT 3) t)
      FROM pg_namespace n WHERE nspname = $1`,
    values: [address.schema],
  })
  if (!found) return 0
  if (found[0] !== MARK) {
    if (typeof found[1] !== 'string') return 0
    const tables = (JSON.parse(found[1]) as string[]).join(', ')
    throw new ForeignStore(
      address.shown,
      `a schema with tables of another program (${tables}); "schema=" in the address names another`,
    )
  }
  const [store] = await ask(client, { text: `SELECT version, oldest FROM ${quote(address.schema)}.store` })
  const [version, oldest] = [Number(store?.[0]), Number(store?.[1])]
  if (oldest > SCHEMA_VERSION) throw new StoreNewer(address.shown, version, SCHEMA_VERSION)
  return version
}

export interface MigrateOptions {
  readonly isReadOnly: boolean
  readonly mustExist: boolean
}

/** Brings the schema to this program's. Within a transaction. */
export async function migrate(client: PoolClient, address: Address, options: MigrateOptions): Promise<void> {
  const found = await inspect(client, address)
  if (found === 0 && (options.mustExist || options.isReadOnly)) throw new StoreMissing(address.shown)
  if (found >= SCHEMA_VERSION || options.isReadOnly) return
  await lockForChange(client, address.schema)
  const schema = quote(address.schema)
  try {
    // Read again under the lock: another process may just have done it.
    for (let version = await inspect(client, address); version < SCHEMA_VERSION; version++) {
      if (version === 0) {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
        await client.query(`COMMENT ON SCHEMA ${schema} IS '${MARK}'`)
      }
      const step = MIGRATIONS[version]
      await client.query(step?.sql(schema) ?? '')
      await client.query(`UPDATE ${schema}.store SET version = ${version + 1}, oldest = ${step?.oldest ?? 0}`)
    }
  } catch (error) {
    if (codeOf(error) !== '42501') throw error
    throw new AccessDenied(
      address.shown,
      'its tables have to be made or brought up to date, which takes a role that may create them; open the store once with that role',
      error,
    )
  }
}

/** One process at a time changes tables of a store. Freed at the end of the transaction. */
export async function lockForChange(client: PoolClient, schema: string): Promise<readonly Values[]> {
  return ask(client, {
    text: `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`,
    values: [`throughline ${schema}`],
    isLong: true, // another process may be making views anew
  })
}
