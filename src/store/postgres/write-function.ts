/**
 * `write_1`: a whole batch in one statement, one round trip, one transaction, one flush of the WAL.
 *
 * What is decided is decided outside: whoever calls has sealed every event upon the heads it believes in. The function compares
 * (epoch, seq, hash of each head), gives positions, and writes what fits.
 *
 * F1. The row of `tip` is taken first and kept until the commit: two workers write one after the other, positions rise in the
 *     order of commits, and what was compared stays true.
 * F2. `at` is the caller's reckoning of this database's clock, for it is part of every hash. It is held against the clock here:
 *     older than the newest event, or off by more than the bounds below, and nothing is written; the answer says what time it is.
 *     (The newest event's own time always does: this clock may have been put back.)
 * F3. Plain appends (an owner's, no rows) are one UPDATE and one INSERT, however many. Other changes go one by one. A change that
 *     does not fit is left out whole; its neighbours are not disturbed.
 * F4. A change is compared and its guards are asked before it writes anything. Only rows may refuse it half-way, which hardly ever
 *     happens: the batch as a whole is given up then, and sent again `carefully`, with a subtransaction for each such change.
 *     (Subtransactions for all cost 80 µs a start, and more than 64 in one transaction slow every reader down.)
 *
 * Runs with the rights of its caller, so it takes away none of the protection that roles give (roles.ts).
 */

/** What the function raises when a change was refused half-way, and nothing of the batch was done. */
export const HALFWAY = 'TL001'

/** In the order of the function's parameters; `parameters.ts` fills them. */
export const PARAMETERS = {
  w_at: 'bigint',
  by_hand: 'boolean', // time is moved by hand, for tests: the clock here says nothing
  carefully: 'boolean',
  seen_views: 'bigint',
  channel: 'text',
  payload: 'text',
  // plain appends: heads, as believed and as they are to be
  p_id: 'bigint[]',
  p_epoch: 'bigint[]',
  p_seq0: 'bigint[]',
  p_hash0: 'bytea[]',
  p_seq: 'bigint[]',
  p_hash: 'bytea[]',
  p_events: 'int',
  // events; those of plain appends first. e_move: of p_ for those, of m_ for the others
  e_move: 'int[]',
  e_seq: 'bigint[]',
  e_kind: 'text[]',
  e_version: 'int[]',
  e_name: 'text[]',
  e_ordinal: 'bigint[]',
  e_after: 'text[]',
  e_actor: 'text[]',
  e_encoding: 'int[]',
  e_body: 'text[]',
  e_blob: 'int[]', // of b_; 0: none
  e_seal: 'bytea[]',
  b_domain: 'int[]',
  b_address: 'bytea[]',
  b_size: 'int[]',
  b_bytes: 'bytea[]',
  // streams that the other changes move, by number; null: made by one of them
  s_id: 'bigint[]',
  // moves of the other changes; m_name: the stream is made
  m_stream: 'int[]',
  m_epoch0: 'bigint[]',
  m_seq0: 'bigint[]',
  m_hash0: 'bytea[]',
  m_epoch: 'bigint[]',
  m_seq: 'bigint[]',
  m_hash: 'bytea[]',
  m_name: 'text[]',
  m_tenant: 'text[]',
  m_continues: 'text[]',
  m_continues_hash: 'bytea[]',
  m_is_origin_moved: 'int[]', // 1: the stream it continues is moved by the same change, and compared there
  // the other changes: how many of each are theirs
  c_moves: 'int[]',
  c_events: 'int[]',
  c_guards: 'int[]',
  c_rows: 'int[]',
  c_is_risky: 'int[]', // 1: a row may refuse it half-way
  // guards and rows, in order: a statement, its values, and what refuses: 1 no row, 2 any row
  o_sql: 'int[]',
  o_values: 'text[]',
  o_refuses: 'int[]',
  prepared: 'text[]', // names of statements of this session, see line.ts
} as const

/** Refused for the clock: how far a reckoned time may be behind, and ahead of, the database's. */
const BEHIND_MS = 2000
const AHEAD_MS = 250

export const NOW = `(extract(epoch FROM clock_timestamp()) * 1000)::float8`

/** Whether a batch may be written (F2). */
export const IS_ON_TIME = `tip.at <= w_at AND tip.views = seen_views AND (by_hand OR w_at = tip.at OR ${NOW} - w_at BETWEEN -${AHEAD_MS} AND ${BEHIND_MS})`

const insertBlob = (event: string) => `
        INSERT INTO blobs (domain, refs, size, address, bytes) VALUES
          (b_domain[e_blob[${event}]], 1, b_size[e_blob[${event}]], b_address[e_blob[${event}]], b_bytes[e_blob[${event}]])
          ON CONFLICT (domain, address) DO UPDATE SET refs = blobs.refs + 1 RETURNING id INTO new_id;
        blobs_at[e_blob[${event}]] := new_id;`

/** Guards or rows from `o` on. Leaves `refused` set at the first that refuses. */
const operations = (count: string) => `
      FOR k IN o + 1 .. o + ${count} LOOP
        EXECUTE format('EXECUTE %I(%L, %s)', prepared[o_sql[k]], o_values[k], base + n);
        GET DIAGNOSTICS changed = ROW_COUNT;
        touched := touched + changed;
        IF (o_refuses[k] = 1 AND changed = 0) OR (o_refuses[k] = 2 AND changed > 0) THEN refused := k; EXIT; END IF;
      END LOOP;`

export function writeFunction(schema: string): string {
  const parameters = Object.entries(PARAMETERS).map(([name, type]) => `${name} ${type}`)
  const body = `
#variable_conflict use_column
DECLARE
  base bigint; n int := 0; m int := 0; e int := 0; o int := 0; k int; new_id bigint; changed bigint; refused int; stale int; touched bigint;
  total int := cardinality(e_move); fitting int[]; count_fitting int;
  blobs_at bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(b_domain)]);
  ids bigint[] := s_id;
BEGIN
  UPDATE tip SET position = tip.position + total, at = w_at
    WHERE ${IS_ON_TIME}
    RETURNING tip.position - total INTO base;
  IF base IS NULL THEN
    SELECT 'late', tip.at, tip.views INTO status, newest, views FROM tip;
    clock := ${NOW};
    RETURN;
  END IF;
  status := 'written'; first := base + 1; clock := ${NOW};
  IF cardinality(p_id) > 0 THEN
    WITH moved AS (
      UPDATE streams s SET seq = p.seq, hash = p.hash
        FROM unnest(p_id, p_epoch, p_seq0, p_hash0, p_seq, p_hash) WITH ORDINALITY AS p(id, epoch, seq0, hash0, seq, hash, nr)
        WHERE s.id = p.id AND s.epoch = p.epoch AND s.seq = p.seq0 AND s.hash = p.hash0 RETURNING p.nr::int)
    SELECT array_agg(nr), count(*) INTO fitting, count_fitting FROM moved;
    IF cardinality(b_domain) > 0 THEN
      FOR k IN 1 .. p_events LOOP
        IF e_blob[k] > 0 AND e_move[k] = ANY (fitting) THEN ${insertBlob('k')}
        END IF;
      END LOOP;
    END IF;
    INSERT INTO events (position, stream, seq, at, ordinal, blob, version, encoding, kind, name, after, actor, body, seal)
      SELECT base + row_number() OVER (ORDER BY v.nr), p_id[v.move], v.seq, w_at, v.ordinal, blobs_at[NULLIF(v.blob, 0)], v.version, v.encoding, v.kind, v.name, v.after, v.actor, v.body, v.seal
      FROM unnest(e_move, e_seq, e_kind, e_version, e_name, e_ordinal, e_after, e_actor, e_encoding, e_body, e_blob, e_seal) WITH ORDINALITY
        AS v(move, seq, kind, version, name, ordinal, after, actor, encoding, body, blob, seal, nr)
      WHERE v.nr <= p_events AND (count_fitting = cardinality(p_id) OR v.move = ANY (fitting));
    GET DIAGNOSTICS n = ROW_COUNT;
    IF count_fitting < cardinality(p_id) THEN
      plain_stale := ARRAY(SELECT g FROM generate_series(1, cardinality(p_id)) g WHERE g <> ALL (coalesce(fitting, '{}')));
    END IF;
    e := p_events;
  END IF;
  FOR c IN 1 .. cardinality(c_moves) LOOP
    refused := 0; stale := 0; touched := 0;${operations('c_guards[c]')}
    o := o + c_guards[c]; touched := 0;
    IF refused = 0 THEN
      FOR k IN m + 1 .. m + c_moves[c] LOOP
        IF m_name[k] IS NULL THEN
          PERFORM 1 FROM streams s WHERE s.id = ids[m_stream[k]] AND s.epoch = m_epoch0[k] AND s.seq = m_seq0[k] AND s.hash = m_hash0[k];
          IF NOT FOUND THEN stale := k; EXIT; END IF;
        ELSE
          PERFORM 1 FROM streams s WHERE s.name = m_name[k];
          IF FOUND THEN stale := k; EXIT; END IF;
          IF m_continues[k] IS NOT NULL AND m_is_origin_moved[k] = 0 THEN
            PERFORM 1 FROM streams s WHERE s.name = m_continues[k] AND s.hash = m_continues_hash[k];
            IF NOT FOUND THEN stale := k; EXIT; END IF;
          END IF;
        END IF;
      END LOOP;
    END IF;
    IF refused = 0 AND stale = 0 THEN
      IF carefully AND c_is_risky[c] = 1 THEN
        BEGIN${operations('c_rows[c]')}
          IF refused > 0 THEN RAISE SQLSTATE '${HALFWAY}'; END IF;
        EXCEPTION WHEN SQLSTATE '${HALFWAY}' THEN NULL;
        END;
      ELSE${operations('c_rows[c]')}
        IF refused > 0 AND touched > 0 THEN RAISE SQLSTATE '${HALFWAY}'; END IF;
      END IF;
    END IF;
    IF refused = 0 AND stale = 0 THEN
      FOR k IN m + 1 .. m + c_moves[c] LOOP
        IF m_name[k] IS NULL THEN
          UPDATE streams s SET seq = m_seq[k], hash = m_hash[k], epoch = m_epoch[k] WHERE s.id = ids[m_stream[k]];
        ELSE
          INSERT INTO streams AS s (seq, epoch, hash, name, tenant, continues, continues_hash)
            VALUES (m_seq[k], m_epoch[k], m_hash[k], m_name[k], m_tenant[k], m_continues[k], m_continues_hash[k])
            RETURNING s.id INTO new_id;
          ids[m_stream[k]] := new_id;
        END IF;
      END LOOP;
      FOR k IN e + 1 .. e + c_events[c] LOOP
        IF e_blob[k] > 0 THEN ${insertBlob('k')}
        END IF;
        n := n + 1;
        INSERT INTO events (position, stream, seq, at, ordinal, blob, version, encoding, kind, name, after, actor, body, seal)
          VALUES (base + n, ids[m_stream[e_move[k]]], e_seq[k], w_at, e_ordinal[k], blobs_at[NULLIF(e_blob[k], 0)], e_version[k], e_encoding[k],
            e_kind[k], e_name[k], e_after[k], e_actor[k], e_body[k], e_seal[k]);
      END LOOP;
    END IF;
    change_stale := change_stale || stale; change_refused := change_refused || refused;
    m := m + c_moves[c]; e := e + c_events[c]; o := o + c_rows[c];
  END LOOP;
  made := ids;
  IF n < total THEN
    UPDATE tip SET position = tip.position - (total - n);
    -- Heads that were not what the caller believed, as they are.
    SELECT json_agg(json_build_array(s.name, s.id, s.tenant, s.epoch, s.seq, encode(s.hash, 'hex')))::text INTO heads FROM streams s
      WHERE s.id = ANY (ARRAY(SELECT p_id[g] FROM unnest(plain_stale) g) || ARRAY(SELECT ids[m_stream[g]] FROM unnest(change_stale) g WHERE g > 0))
         OR s.name = ANY (ARRAY(SELECT x FROM unnest(change_stale) g, LATERAL (VALUES (m_name[g]), (m_continues[g])) v(x) WHERE g > 0 AND x IS NOT NULL));
  END IF;
  IF channel IS NOT NULL AND n > 0 THEN PERFORM pg_notify(channel, payload); END IF;
END`
  return `
  CREATE FUNCTION ${schema}.write_1(${parameters.join(', ')},
    OUT status text, OUT first bigint, OUT clock float8, OUT newest bigint, OUT views bigint,
    OUT plain_stale int[], OUT change_stale int[], OUT change_refused int[], OUT made bigint[], OUT heads text)
  LANGUAGE plpgsql SET search_path = ${schema}, pg_temp SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $write$${body}$write$;
  REVOKE ALL ON FUNCTION ${schema}.write_1 FROM PUBLIC;
  `
}
