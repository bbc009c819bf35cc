/** A plain connection to the database behind a store's address, past the store. */
import pg from 'pg'

export async function administrator(address: string): Promise<pg.Client> {
  const url = new URL(address)
  url.search = ''
  const ssl = new URL(address).searchParams.get('sslmode') ? { rejectUnauthorized: false } : false
  const client = new pg.Client({ connectionString: url.href, ssl })
  await client.connect()
  return client
}

/** The schema of a store's address. */
export function schemaOf(address: string): string {
  return new URL(address).searchParams.get('schema') ?? 'throughline'
}
