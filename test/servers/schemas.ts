/** A schema of its own for each test: nothing is shared, and nothing has to be emptied. */
import { sharedPostgres } from './shared.ts'

const chance = Math.random

/** The address of a store that does not exist yet. */
export async function freshSchema(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const url = new URL(await sharedPostgres())
  url.searchParams.set('schema', `t_${process.pid}_${chance().toString(36).slice(2)}`)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
