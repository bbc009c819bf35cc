/** Throughline through its public API and with its defaults: on a SQLite file, and on a Postgres server. */
import { join } from 'node:path'
import { loadProduct } from '../product.ts'
import { discard, scratch } from '../scratch.ts'
import { payload, stopwatch, timed } from '../subject.ts'
import type { PostgresServer } from '../postgres.ts'
import type { StepOptions, Throughline } from '../product.ts'
import type { Subject } from '../subject.ts'

interface Asked {
  readonly steps: number
  readonly bytes: number
}

/** Where the runs are recorded: an address, and what ends it. */
interface Store {
  readonly configured: string
  open(): Promise<string>
  discard(): Promise<void>
}

function sqliteFile(): Store {
  const folder = scratch('throughline')
  return {
    configured: 'SQLite file, synchronous=FULL; defaults',
    open: async () => `file:${join(folder, 'bench.db')}`,
    discard: async () => discard(folder),
  }
}

function postgresServer(): Store {
  let server: PostgresServer | undefined
  return {
    configured: 'Postgres on loopback, fsync and synchronous_commit on; defaults',
    async open() {
      const { startPostgres } = await import('../postgres.ts')
      server = await startPostgres('bench')
      return server.url
    },
    discard: async () => server?.stop(),
  }
}

/** Throughline with its record on a Postgres server. */
export const throughlineOnPostgres = (): Subject =>
  throughline('Throughline on Postgres', undefined, postgresServer())

/** `options`: given to every step, for measuring other kinds of step than the plain one. */
export function throughline(
  name = 'Throughline',
  options?: StepOptions,
  store: Store = sqliteFile(),
): Subject {
  let tl: Throughline
  let carry: unknown
  let stepMs: number[] = []
  return {
    name,
    configured: store.configured,
    async start() {
      const { open, task } = await loadProduct()
      carry = task({
        name: 'bench',
        async run(ctx, { steps, bytes }: Asked) {
          for (let index = 0; index < steps; index++) {
            await timed(stepMs, () => ctx.step(`step-${index}`, () => payload(index, bytes), options))
          }
          return steps
        },
      })
      tl = await open({ store: await store.open(), tasks: [carry] })
    },
    async sequential(steps, bytes) {
      stepMs = []
      const elapsed = stopwatch()
      await (await tl.start(carry, { steps, bytes })).result()
      return { seconds: elapsed(), stepMs }
    },
    async fleet(runs, steps) {
      stepMs = []
      const elapsed = stopwatch()
      const handles = await Promise.all(
        Array.from({ length: runs }, () => tl.start(carry, { steps, bytes: 200 })),
      )
      await Promise.all(handles.map((handle) => handle.result()))
      return elapsed()
    },
    async stop() {
      await tl.close()
      await store.discard()
    },
  }
}
