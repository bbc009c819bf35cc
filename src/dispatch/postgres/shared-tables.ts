/** The tables in the store's database: one connection to say that one lives, one for everything else. */
import type { Clock } from '../../log/index.ts'
import { Asker } from './asker.ts'
import type { Database } from './database.ts'
import { Leases } from './leases.ts'
import type { Tables, Worker, WorkerList } from './tables.ts'

const BEAT_PATIENCE_MS = 1500
const LOOK_PATIENCE_MS = 5000

/** As this worker asks them. `clock` is asked for the time only where it is moved by hand. */
export function sharedTables(database: Database, clock: Clock, worker: Worker): Tables {
  const beats = new Asker(database, BEAT_PATIENCE_MS)
  const looks = new Asker(database, LOOK_PATIENCE_MS)
  const now = () => (database.isByHand ? clock.now() : null)
  const { id, tasks } = worker
  return {
    leases: new Leases({ database, asker: looks, id, tasks, now }),
    list: listOver(database, beats, worker),
    close: async () => void (await Promise.all([beats.close(), looks.close()])),
  }
}

function listOver(database: Database, asker: Asker, { id, name, concurrency, tasks }: Worker): WorkerList {
  const { schema } = database
  return {
    async register() {
      await asker.ask(
        `INSERT INTO ${schema}.workers (id, name, concurrency, tasks) VALUES ($1, $2, $3, $4::jsonb)
         ON CONFLICT (id) DO UPDATE SET seen = clock_timestamp()`,
        [id, name, concurrency, JSON.stringify(tasks)],
      )
    },
    async beat() {
      const [row] = await asker.ask(
        `UPDATE ${schema}.workers w SET seen = clock_timestamp() FROM (SELECT id, seen FROM ${schema}.workers WHERE id = $1) b
         WHERE w.id = b.id RETURNING (extract(epoch FROM w.seen - b.seen) * 1000)::float8, (extract(epoch FROM w.seen) * 1000)::float8`,
        [id],
      )
      return row && { unseenMs: Number(row[0]), now: Number(row[1]) }
    },
    async leave() {
      await asker.ask(`UPDATE ${schema}.workers SET seen = '-infinity' WHERE id = $1`, [id])
      await asker.ask('SELECT pg_notify($1, $2)', [database.channel, id])
    },
    learn: (sentAt, said, isForced) => database.learn(sentAt, said, isForced),
  }
}
