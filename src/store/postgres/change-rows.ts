/** Row changes of events that are on the record already, as many as a page holds in one statement: for rebuilding and restoring. */
import type { PoolClient } from 'pg'
import { isErased, type Projection, type StoredEvent } from '../../log/index.ts'
import { int4s, texts } from './arrays.ts'
import { ask } from './connection.ts'
import { flatten } from './parameters.ts'
import type { Operation, Rows } from './rows.ts'
import { quote } from './text.ts'

/** A row stands in the way of an event's. */
export class RowRefused extends Error {
  readonly operation: Operation
  constructor(operation: Operation) {
    super(`a row of ${operation.table} stands in the way`)
    this.operation = operation
  }
}

/** Runs operations in order; answers with the first that refused. */
export const changeRowsFunction = (schema: string): string => `
  CREATE FUNCTION ${schema}.change_rows_1(o_sql int[], o_values text[], o_refuses int[], sql text[]) RETURNS int
  LANGUAGE plpgsql SET search_path = ${schema}, pg_temp AS $change$
DECLARE changed bigint;
BEGIN
  FOR k IN 1 .. cardinality(o_sql) LOOP
    EXECUTE sql[o_sql[k]] USING o_values[k]::text[], 0::bigint;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF o_refuses[k] = 1 AND changed = 0 THEN RETURN k; END IF;
  END LOOP;
  RETURN 0;
END$change$;
  REVOKE ALL ON FUNCTION ${schema}.change_rows_1 FROM PUBLIC;
`

/** @throws {RowRefused} and what a projection throws */
export async function changeRows(
  client: PoolClient,
  schema: string,
  rows: Rows,
  events: readonly { readonly event: StoredEvent; readonly projections: readonly Projection[] }[],
): Promise<void> {
  const operations = events
    .filter(({ event }) => !isErased(event))
    .flatMap(({ event, projections }) =>
      projections.flatMap((projection) => projection.apply(event).map((change) => rows.change(change))),
    )
  if (operations.length === 0) return
  const { statements, numbers, values } = flatten(operations)
  const [row] = await ask(client, {
    name: 'change_rows_1',
    text: `SELECT ${quote(schema)}.change_rows_1($1::int[], $2::text[], $3::int[], $4::text[])`,
    values: [
      int4s(numbers),
      texts(values),
      int4s(operations.map(({ refuses }) => (refuses === 'no row' ? 1 : 0))),
      texts(statements),
    ],
  })
  const refused = operations[Number(row?.[0]) - 1]
  if (refused) throw new RowRefused(refused)
}
