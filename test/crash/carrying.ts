/**
 * What a process that is to be killed does: it opens the store, starts its run or goes on with it, and says on stdout what it sees.
 *
 * It may be told to die around a commit of its own: at the very moment it learns of it, or, by a thread beside it, some
 * microseconds later, when it may be in the middle of the next one.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  open,
  ThroughlineError,
  type AnyTask,
  type Log,
  type OpenOptions,
  type Throughline,
} from 'throughline'
import type { Orders, Says } from './process.ts'

const LOOK_EVERY_MS = 5
/** They say what an effect is about to do. */
const INTENTS: ReadonlySet<string> = new Set(['step.intended', 'model.asked', 'tool.called'])

/** As its first argument says. */
export async function carryOut(tasks: readonly AnyTask[], options: OpenOptions = {}): Promise<void> {
  const orders = JSON.parse(process.argv[2] ?? '') as Orders // written by process.ts
  const tl = await open({ ...options, store: orders.store, tasks })
  if (orders.die) await dieAroundCommit(tl.log, orders.die)
  const run = await tl.start(orders.task, orders.input, { key: orders.key })
  say({ says: 'started', run: run.id })
  const looking = setInterval(lookAt(tl), LOOK_EVERY_MS)
  const outcome = await run.result().then(
    (value) => ({ value }),
    (error: unknown) => ({ error: said(error) }),
  )
  clearInterval(looking)
  say({ says: 'ended', outcome })
  await tl.close()
}

const say = (what: Says): void => void process.stdout.write(`${JSON.stringify(what)}\n`)

function lookAt(tl: Throughline): () => void {
  let saidWaiting = ''
  let isCarrying = false
  const look = async () => {
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
  return () => void look()
}

async function dieAroundCommit(log: Log, { after, nth, afterUs }: NonNullable<Orders['die']>): Promise<void> {
  const seen = new Int32Array(new SharedArrayBuffer(4))
  if (afterUs > 0) {
    const killer = new Worker(new URL('./killer.ts', import.meta.url), { workerData: { seen, nth, afterUs } })
    await once(killer, 'message') // it listens
    killer.unref()
  }
  let isIntent = false
  const commit = log.commit.bind(log)
  log.commit = (change) => {
    isIntent = change.appends.some(({ events }) => events.some(({ kind }) => INTENTS.has(kind)))
    return commit(change)
  }
  log.onCommit((isOurs) => {
    if (!isOurs || (after === 'intent' && !isIntent)) return
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
