/**
 * `append_1`: one event of an owner, no rows, no blob. It is what a run by itself asks for at each step, and needs none of what a batch
 * does (write-function.ts), whose order it keeps: the row of `tip` first.
 *
 * A1. It is written, or nothing is, and `status` says which; whoever calls goes on with the batch, which finds out why.
 */
import type { StreamHead as Head } from '../stream-head.ts'
import { ENCODING } from '../../log/index.ts'
import type { Prepared } from './batch.ts'
import type { Values } from './connection.ts'
import { quote, toStore } from './text.ts'
import { IS_ON_TIME, NOW } from './write-function.ts'

/** In the order of the function's parameters. */
const PARAMETERS = {
  w_at: 'bigint',
  by_hand: 'boolean',
  seen_views: 'bigint',
  channel: 'text',
  payload: 'text',
  s_id: 'bigint',
  s_epoch: 'bigint',
  s_seq0: 'bigint',
  s_hash0: 'bytea',
  s_hash: 'bytea',
  e_kind: 'text',
  e_version: 'int',
  e_name: 'text',
  e_ordinal: 'bigint',
  e_after: 'text',
  e_actor: 'text',
  e_encoding: 'int',
  e_body: 'text',
  e_seal: 'bytea',
} as const

export function appendFunction(schema: string): string {
  const parameters = Object.entries(PARAMETERS).map(([name, type]) => `${name} ${type}`)
  return `
  CREATE FUNCTION ${schema}.append_1(${parameters.join(', ')}, OUT status text, OUT first bigint, OUT clock float8)
  LANGUAGE plpgsql SET search_path = ${schema}, pg_temp SET plan_cache_mode = force_generic_plan AS $append$
#variable_conflict use_column
BEGIN
  status := 'not';
  UPDATE tip SET position = tip.position + 1, at = w_at WHERE ${IS_ON_TIME} RETURNING tip.position INTO first;
  IF first IS NULL THEN RETURN; END IF;
  UPDATE streams s SET seq = s_seq0 + 1, hash = s_hash WHERE s.id = s_id AND s.epoch = s_epoch AND s.seq = s_seq0 AND s.hash = s_hash0;
  IF NOT FOUND THEN
    UPDATE tip SET position = tip.position - 1;
    RETURN;
  END IF;
  INSERT INTO events (position, stream, seq, at, ordinal, version, encoding, kind, name, after, actor, body, seal)
    VALUES (first, s_id, s_seq0 + 1, w_at, e_ordinal, e_version, e_encoding, e_kind, e_name, e_after, e_actor, e_body, e_seal);
  IF channel IS NOT NULL THEN PERFORM pg_notify(channel, payload); END IF;
  status := 'written'; clock := ${NOW};
END$append$;
  REVOKE ALL ON FUNCTION ${schema}.append_1 FROM PUBLIC;
  DO $$ DECLARE role regrole; BEGIN
    FOR role IN SELECT g.grantee FROM pg_class e, aclexplode(e.relacl) g
      WHERE e.oid = '${schema.replaceAll("'", "''")}.events'::regclass AND g.privilege_type = 'INSERT' AND g.grantee NOT IN (e.relowner, 0)
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION ${schema.replaceAll("'", "''")}.append_1 TO %s', role);
    END LOOP;
  END $$;
  `
}

export const appendStatement = (schema: string) => ({
  name: 'append_1',
  text: `SELECT status, first, clock FROM ${quote(schema)}.append_1(${Object.values(PARAMETERS)
    .map((type, i) => `$${i + 1}::${type}`)
    .join(', ')})`,
})

export interface Appending {
  readonly at: number
  readonly isByHand: boolean
  readonly views: number
  readonly channel: string | null
  readonly payload: string
}

/** The parameters, if a change is all that a batch has and of this kind. */
export function appendOf(batch: readonly Prepared[], around: Appending): readonly unknown[] | undefined {
  const [prepared] = batch
  const [one, second] = prepared?.events ?? []
  const before: Head | undefined = prepared?.moves[0]?.before
  const isOne = batch.length === 1 && prepared?.isPlain && prepared.guards.length === 0 && !second
  if (!isOne || !one || !before || one.blob !== 0) return undefined
  const { event, seal } = one
  const stored = (text: string | undefined) => (text === undefined ? null : toStore(text))
  return [
    ...[around.at, around.isByHand, around.views, around.channel, around.payload],
    ...[before.id, before.epoch, before.seq, before.hash, one.move.after.hash],
    ...[event.kind, event.version, stored(event.name), event.ordinal ?? null],
    ...[stored(event.after), stored(event.actor), ENCODING, event.body ?? null, seal],
  ]
}

/** Of the event written; undefined if none was. */
export function appendedIn(
  row: Values | undefined,
): { readonly first: number; readonly clock: number } | undefined {
  return row?.[0] === 'written' ? { first: Number(row[1]), clock: Number(row[2]) } : undefined
}
