/**
 * Which life of which store wake-ups speak of.
 *
 * Restate remembers idempotency keys longer than a store need live: one that was dropped and made anew, or set back to an earlier
 * state, would find its wake-ups swallowed. So keys begin with this, which is another one after each of these: a new schema, a dump
 * that was loaded (its schema is another object), a copy of the files brought up elsewhere or to an earlier moment (its timeline).
 */
import { createHash } from 'node:crypto'

/** What this asks of the store's database. */
export interface StoreDatabase {
  readonly schema: string
  connect(): Promise<{
    ask(text: string, values?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>
    end(): Promise<void>
  }>
}

export async function storeId(database: StoreDatabase): Promise<string> {
  const { schema } = database
  const session = await database.connect()
  try {
    const [life] = await session.ask(
      `SELECT name, to_regclass($1)::oid::text, (SELECT oid::text FROM pg_database WHERE datname = current_database()) FROM ${schema}.store`,
      [`${schema}.store`],
    )
    const server = await session
      .ask(
        `SELECT (SELECT system_identifier::text FROM pg_control_system()), (SELECT timeline_id::text FROM pg_control_checkpoint())`,
      )
      .catch(() => []) // not for every role
    return createHash('sha256')
      .update(JSON.stringify([life, server]))
      .digest('hex')
      .slice(0, 16)
  } finally {
    await session.end()
  }
}
