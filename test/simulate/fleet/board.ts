/**
 * The tables of workers and leases of a simulated deployment: what a dispatcher asks of Postgres, in memory. They answer as the SQL
 * does (src/dispatch/postgres/leases.ts) and decide nothing.
 *
 * B1. A lease counts while its worker was seen within LEASE_MS of time as it passes. The clock that runs go by may jump meanwhile.
 * B2. Rows of runs are read, then leases are taken at once: as one statement that skips what others hold.
 */
import type { Log } from 'throughline'
import type { Way } from 'throughline/testing'
import {
  LEASE_MS,
  RESTED_MS,
  type Leased,
  type Tables,
  type Where,
  type Worker,
} from '../../../src/dispatch/postgres/index.ts'
import type { SharedClock } from './hub.ts'

type Row = Awaited<ReturnType<Log['select']>>[number]

interface Lease {
  readonly worker: string
  /** When it was given back. */
  readonly rested?: number
}

interface Seen {
  readonly tasks: Worker['tasks']
  at: number
}

const LEFT_EARLY = Number.NEGATIVE_INFINITY

export class Board {
  readonly store: Log
  readonly clock: SharedClock
  readonly ticks: SharedClock
  /** Which worker tries to carry which run. */
  readonly leases = new Map<string, Lease>()
  readonly workers = new Map<string, Seen>()
  /** Told that a worker left. */
  left: () => void = () => {}
  /** For the trace. */
  say: (what: string) => void = () => {}

  constructor(store: Log, clock: SharedClock, ticks: SharedClock) {
    this.store = store
    this.clock = clock
    this.ticks = ticks
  }

  isAlive(worker: string | undefined): boolean {
    const seen = worker === undefined ? undefined : this.workers.get(worker)
    return seen !== undefined && seen.at > this.ticks.now - LEASE_MS
  }

  isFree(run: string): boolean {
    const lease = this.leases.get(run)
    return lease === undefined || lease.rested !== undefined || !this.isAlive(lease.worker)
  }

  /** Carried by a worker that is not alive, or put out of its memory lately. */
  isLeft(run: string): boolean {
    const lease = this.leases.get(run)
    if (!lease || this.isAlive(lease.worker)) return false
    return lease.rested === undefined || lease.rested > this.ticks.now - RESTED_MS
  }

  isOf(worker: string, run: string): boolean {
    const lease = this.leases.get(run)
    return lease?.worker === worker && lease.rested === undefined
  }

  /** Runs of these tasks that have not ended. */
  async runs(tasks: Worker['tasks']): Promise<readonly Row[]> {
    const rows = await this.store.select('runs', { where: { ended_at: null }, order: ['wake_at', 'run'] })
    return rows.filter((row) =>
      tasks.some(({ name, versions }) => name === row['task'] && versions.includes(String(row['version']))),
    )
  }
}

/** The tables as one worker asks them; `ask` is its way to the database. */
export function tablesOn(board: Board, worker: Worker, ask: Way): Tables {
  const { leases, workers, clock, ticks, store } = board
  const { id, name, tasks } = worker
  const isDue = (row: Row) => row['wake_at'] !== null && Number(row['wake_at']) <= clock.now
  const choices: Readonly<Record<Where, (row: Row) => boolean>> = {
    due: (row) => isDue(row) && board.isFree(String(row['run'])),
    left: (row) => board.isLeft(String(row['run'])) && row['status'] !== 'halted',
    lost: (row) => row['status'] === 'running' && board.isFree(String(row['run'])),
    code: (row) =>
      row['status'] === 'waiting' && row['waiting_for'] === 'task' && board.isFree(String(row['run'])),
    uncarried: () => false, // whoever asks lives, and has code for all there is
  }
  const takeOf = (rows: readonly Row[], room: number, why: string): readonly Leased[] => {
    const taken = rows.slice(0, room).map(leasedOf)
    for (const { run } of taken) {
      leases.set(run, { worker: id })
      board.say(`${name} takes ${run}, which is ${why}`)
    }
    return taken
  }
  const seen = (at: number) => void workers.set(id, { tasks, at })
  return {
    leases: {
      take: (where, room, but) =>
        ask(async () => {
          const rows = await board.runs(tasks)
          const fit = (row: Row) => choices[where](row) && !but.includes(String(row['run']))
          return takeOf(rows.filter(fit), room, where)
        }),
      takeThese: (runs) =>
        ask(async () => {
          const rows = await board.runs(tasks)
          const fit = ({ run }: Row) => runs.includes(String(run)) && board.isFree(String(run))
          return takeOf(rows.filter(fit), runs.length, 'wanted')
        }),
      due: () =>
        ask(async () =>
          (await board.runs(tasks))
            .filter((row) => isDue(row) && board.isOf(id, String(row['run'])))
            .map(leasedOf),
        ),
      next: () =>
        ask(async () => {
          const [row] = await store.select('runs', {
            where: { wake_at: { gt: clock.now } },
            order: ['wake_at'],
            limit: 1,
          })
          return row && Number(row['wake_at'])
        }),
      standing: (runs) =>
        ask(async () => {
          const rows = await store.select('runs', { where: { run: { in: [...runs] } } })
          return runs.map((run) => {
            const row = rows.find((one) => one['run'] === run)
            return {
              run,
              wakeAt: row && leasedOf(row).wakeAt,
              status: String(row?.['status']),
              isEnded: !row || row['ended_at'] !== null,
              isDue: row !== undefined && isDue(row),
              isOurs: board.isOf(id, run),
            }
          })
        }),
      release: (runs) =>
        ask(async () => {
          const open = new Set((await board.runs(tasks)).map((row) => row['run']))
          for (const run of runs) {
            if (!board.isOf(id, run)) continue
            if (open.has(run)) leases.set(run, { worker: id, rested: ticks.now })
            else leases.delete(run)
            board.say(`${name} releases ${run}`)
          }
        }),
      ours: () =>
        ask(() => Promise.resolve(new Set([...leases.keys()].filter((run) => board.isOf(id, run))))),
      sayAgain: (runs) =>
        ask(async () => {
          for (const run of runs)
            if (leases.get(run)?.rested !== undefined || !leases.has(run)) leases.set(run, { worker: id })
        }),
      forget: () =>
        ask(async () => {
          for (const [run, { worker: of, rested = Infinity }] of leases)
            if (of === id && rested <= ticks.now - RESTED_MS) leases.delete(run)
        }),
      sweep: () => Promise.resolve(),
    },
    list: {
      register: () =>
        ask(async () => {
          seen(ticks.now)
        }),
      beat: () =>
        ask(async () => {
          const known = workers.get(id)
          if (!known) return undefined
          seen(ticks.now)
          return { unseenMs: ticks.now - known.at, now: clock.now }
        }),
      leave: () =>
        ask(async () => {
          seen(LEFT_EARLY)
          board.left()
        }),
      learn: () => {},
    },
    close: () => Promise.resolve(),
  }
}

function leasedOf(row: Row): Leased {
  const wakeAt = row['wake_at']
  return { run: String(row['run']), wakeAt: typeof wakeAt === 'number' ? wakeAt : undefined }
}
