/** DBOS Transact on a real Postgres server: workflows and steps as its documentation writes them. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { startPostgres } from '../postgres.ts'
import { payload, stopwatch, timed } from '../subject.ts'
import type { PostgresServer } from '../postgres.ts'
import type { Subject } from '../subject.ts'

export function dbos(): Subject {
  let server: PostgresServer
  let stepMs: number[] = []
  const body = async (steps: number, bytes: number): Promise<number> => {
    for (let index = 0; index < steps; index++) {
      await timed(stepMs, () => DBOS.runStep(async () => payload(index, bytes), { name: `step-${index}` }))
    }
    return steps
  }
  const workflow = DBOS.registerWorkflow(body, { name: 'bench' })
  return {
    name: 'DBOS',
    configured: 'Postgres on loopback, fsync and synchronous_commit on; defaults',
    async start() {
      server = await startPostgres('bench')
      DBOS.setConfig({
        name: 'bench',
        systemDatabaseUrl: server.url,
        logLevel: 'error',
        runAdminServer: false,
      })
      await DBOS.launch()
    },
    async sequential(steps, bytes) {
      stepMs = []
      const elapsed = stopwatch()
      await (await DBOS.startWorkflow(workflow)(steps, bytes)).getResult()
      return { seconds: elapsed(), stepMs }
    },
    async fleet(runs, steps) {
      stepMs = []
      const elapsed = stopwatch()
      const handles = await Promise.all(
        Array.from({ length: runs }, () => DBOS.startWorkflow(workflow)(steps, 200)),
      )
      await Promise.all(handles.map((handle) => handle.getResult()))
      return elapsed()
    },
    async bytes() {
      const [row] = await server.query('select pg_database_size(current_database()) as bytes')
      return Number(row?.bytes)
    },
    async stop() {
      await DBOS.shutdown()
      await server.stop()
    },
  }
}
