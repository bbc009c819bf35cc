/**
 * The process that is killed: it opens the store, starts its run or goes on with it, and says on stdout what it sees.
 *
 * It may be told to die around a commit of its own: at the very moment it learns of it, or, by a thread beside it, some
 * microseconds later, when it may be in the middle of the next one.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { open, ThroughlineError } from 'throughline'
import { tasks as reviewTasks } from '../../examples/vendor-review/review.ts'
import { tasks as ledgerTasks } from './ledger.ts'
import { tasks as pulseTasks } from './pulse.ts'
import type { Orders, Says } from './process.ts'

const orders = JSON.parse(process.argv[2] ?? '') as Orders // written by process.ts
const say = (what: Says): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const LOOK_EVERY_MS = 5
let saidWaiting = ''
let isCarrying = false

const tl = await open({ store: orders.store, tasks: [...reviewTasks, ...ledgerTasks, ...pulseTasks] })
if (orders.die) await dieAroundCommit(orders.die)
const run = await tl.start(orders.task, orders.input, { key: orders.key })
say({ says: 'started', run: run.id })
const looking = setInterval(() => void look(), LOOK_EVERY_MS)
const outcome = await run.result().then(
  (value) => ({ value }),
  (error: unknown) => ({ error: said(error) }),
)
clearInterval(looking)
say({ says: 'ended', outcome })
await tl.close()

async function look(): Promise<void> {
  if (tl.isCarrying && !isCarrying) {
    isCarrying = true
    say({ says: 'carrying', at: Date.now() })
  }
  const { runs } = await tl.runs.list({ status: 'waiting' })
  const waiting = runs.flatMap(({ id, waiting: all }) =>
    all.map(({ kind, name }) => ({ run: id, kind, name })),
  )
  const text = JSON.stringify(waiting)
  if (text === saidWaiting) return
  saidWaiting = text
  for (const one of waiting) say({ says: 'waiting', ...one })
}

async function dieAroundCommit({ after, nth, afterUs }: NonNullable<Orders['die']>): Promise<void> {
  const seen = new Int32Array(new SharedArrayBuffer(4))
  if (afterUs > 0) {
    const killer = new Worker(new URL('./killer.ts', import.meta.url), { workerData: { seen, nth, afterUs } })
    await once(killer, 'message') // it listens
    killer.unref()
  }
  let last: string | undefined
  const commit = tl.log.commit.bind(tl.log)
  tl.log.commit = (change) => {
    last = change.appends.at(-1)?.events.at(-1)?.kind
    return commit(change)
  }
  tl.log.onCommit((isOurs) => {
    if (!isOurs || (after === 'intent' && last !== 'step.intended')) return
    const count = Atomics.add(seen, 0, 1) + 1
    if (afterUs === 0 && count === nth) process.kill(process.pid, 'SIGKILL')
    Atomics.notify(seen, 0)
  })
}

/** Messages name run ids, which differ from run to run; the cause does not. */
function said(error: unknown): string {
  if (!(error instanceof ThroughlineError)) return String(error)
  return `${error.code}: ${error.cause instanceof Error ? error.cause.message : String(error.cause)}`
}
