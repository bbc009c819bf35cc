/**
 * Two roles: the owner of the tables, who makes and upgrades them, prunes, erases, archives and rebuilds; and one for the program, which can
 * add to the record and can neither change nor remove what is on it.
 *
 * Whoever may add events may keep the views: a view made anew is given to the same roles.
 */
import type { PoolClient } from 'pg'
import { ask } from './connection.ts'
import { AccessDenied } from './errors.ts'
import { quote } from './text.ts'

/** What the owner of a store runs once, for a role that exists, to let it use the store. */
export function grantsTo(role: string, schema = 'throughline'): string {
  const [s, r] = [quote(schema), quote(role)]
  return `GRANT USAGE ON SCHEMA ${s} TO ${r};
GRANT SELECT ON ALL TABLES IN SCHEMA ${s} TO ${r};
GRANT INSERT ON ${s}.events, ${s}.streams, ${s}.blobs, ${s}.domains TO ${r};
GRANT UPDATE (seq, hash, epoch) ON ${s}.streams TO ${r};
GRANT UPDATE (position, at) ON ${s}.tip TO ${r};
GRANT UPDATE (refs) ON ${s}.blobs TO ${r};
GRANT INSERT, UPDATE ON ${s}.projections TO ${r};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${s} TO ${r};
DO $$ BEGIN ${viewsTo(schema)} END $$;
`
}

/** A loop over views, which are the tables named by no migration, and over the roles that may add events. */
function viewsTo(schema: string): string {
  return `EXECUTE coalesce((
  SELECT string_agg(format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s', v.oid::regclass, g.grantee::regrole), ';')
  FROM pg_class v, pg_class e, aclexplode(e.relacl) g
  WHERE e.oid = ${text(`${quote(schema)}.events`)}::regclass AND g.privilege_type = 'INSERT' AND g.grantee NOT IN (e.relowner, 0)
    AND v.relnamespace = e.relnamespace AND v.relkind = 'r' AND NOT v.relispartition
    AND v.relname NOT IN (${TABLES.map(text).join(', ')})), 'SELECT');`
}

const TABLES = [
  'store',
  'tip',
  'domains',
  'streams',
  'events',
  'events_archive',
  'blobs',
  'projections',
  'scrubs',
]
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Gives views that were just made to those who may add events. Within the transaction that made them. */
export async function giveViews(client: PoolClient, schema: string): Promise<void> {
  await client.query(`DO $views$ BEGIN ${viewsTo(schema)} END $views$`)
}

/** Only the owner may do this; said before anything is begun. @throws {AccessDenied} */
export async function mustOwn(
  client: PoolClient,
  { schema, shown, what }: { readonly schema: string; readonly shown: string; readonly what: string },
): Promise<void> {
  const [row] = await ask(client, {
    text: `SELECT pg_has_role(c.relowner, 'USAGE'), c.relowner::regrole::text, current_user FROM pg_class c WHERE c.oid = $1::regclass`,
    values: [`${quote(schema)}.events`],
  })
  if (row?.[0] !== true)
    throw new AccessDenied(
      shown,
      `to ${what} takes the rights of "${String(row?.[1])}", who owns its tables, and "${String(row?.[2])}" may only add to the record`,
    )
}
