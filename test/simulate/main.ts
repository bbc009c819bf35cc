/**
 * npm run simulate -- --seeds N [--from F] [--lanes L] [--workers W] [--dispatch leases|restate], or --seed S: deployments under bad luck,
 * each from its seed alone.
 *
 * Every seed is a fleet: processes that die, stop and come back over one store, and people beside them (fleet/). Of two, one has a process
 * at a time, the other two or three workers that share the runs, by leases or by way of Restate; --workers and --dispatch say which. Every tenth is, besides, one process
 * whose held commits arrive after its death (seed.ts). With --seed, what happened is printed event by event.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { dispatchBy, Trials, workersBy, type Manner } from './fleet/trial.ts'
import { simulate } from './seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    lanes: { type: 'string' },
    workers: { type: 'string' },
    dispatch: { type: 'string' },
    worker: { type: 'boolean', default: false },
  },
})

const LONE_EVERY = 10
/** How many processes carry the runs of a seed beside each other, and who says which. */
function mannerOf(seed: number): Omit<Manner, 'hasTrace'> {
  const workers = values.workers === undefined ? workersBy(seed) : Number(values.workers)
  const { dispatch = dispatchBy(seed, workers) } = values
  if (dispatch !== 'leases' && dispatch !== 'restate')
    throw new Error(`--dispatch ${dispatch}: leases or restate`)
  return { workers, dispatch }
}

/** What was asked for beside the seed. */
const asked = (['workers', 'dispatch'] as const).flatMap((name) =>
  values[name] === undefined ? [] : [`--${name}`, values[name]],
)
const REPORT_EVERY = 20

interface Tally {
  seeds: number
  events: number
  crashes: number
  zombies: number
  inDoubt: number
  failed: number
}

const nothing = (): Tally => ({ seeds: 0, events: 0, crashes: 0, zombies: 0, inDoubt: 0, failed: 0 })

function add(to: Tally, other: Tally): Tally {
  for (const key of Object.keys(to) as (keyof Tally)[]) to[key] += other[key]
  return to
}

/** One seed, told in full. */
async function one(seed: number): Promise<boolean> {
  const trials = new Trials()
  const manner = mannerOf(seed)
  const trial = await trials.tryOut(seed, { ...manner, hasTrace: true })
  await trials.close()
  console.log(trial.trace.join('\n'))
  console.log(
    `\nseed ${seed}, ${manner.workers === 1 ? 'a process at a time' : `${manner.workers} workers`}${manner.workers > 1 || manner.dispatch === 'restate' ? ` by ${manner.dispatch}` : ''}: ${trial.events} events, ${trial.crashes} crashes, ${trial.doubts} settled by a person`,
  )
  const wrong = [...trial.violations]
  if (seed % LONE_EVERY === 0) {
    const lone = await simulate(seed, true)
    console.log(`\nthe lone process of seed ${seed}\n${lone.trace.join('\n')}`)
    wrong.push(...lone.faults)
  }
  for (const violation of wrong) console.log(`WRONG ${violation}`)
  return wrong.length === 0
}

async function many(from: number, seeds: number, report: (tally: Tally) => void): Promise<void> {
  const tally = nothing()
  const trials = new Trials()
  for (let seed = from; seed < from + seeds; seed++) {
    const trial = await trials.tryOut(seed, mannerOf(seed))
    const wrong = [...trial.violations]
    add(tally, {
      seeds: 1,
      events: trial.events,
      crashes: trial.crashes,
      zombies: trial.zombies,
      inDoubt: trial.doubts,
      failed: 0,
    })
    if (seed % LONE_EVERY === 0) {
      const lone = await simulate(seed)
      wrong.push(...lone.faults)
      add(tally, {
        seeds: 0,
        events: 0,
        crashes: lone.crashes,
        zombies: lone.zombies,
        inDoubt: lone.inDoubt,
        failed: 0,
      })
    }
    if (wrong.length > 0) {
      tally.failed++
      console.log(
        `\nseed ${seed}: ${wrong[0]?.slice(0, 400) ?? ''}\n  again, with every event: npm run simulate -- ${['--seed', seed, ...asked].join(' ')}`,
      )
    }
    if (tally.seeds % REPORT_EVERY === 0) report(tally)
  }
  await trials.close()
  report(tally)
}

/** So many seeds in a process: what dead processes of a simulation leave behind is never quite collected. */
const SEEDS_A_PROCESS = 2500

/** Shares of the seeds, in several processes at once; one that dies of itself counts as a failure. */
async function sideBySide(from: number, seeds: number, lanes: number): Promise<Tally> {
  const sum = nothing()
  const atWork = new Map<number, Tally>()
  const started = performance.now()
  const report = (first: number, tally: Tally) => {
    atWork.set(first, tally)
    const done = [...atWork.values()].reduce((total, one) => total + one.seeds, sum.seeds)
    if (process.stderr.isTTY)
      process.stderr.write(
        `\r${done} of ${seeds} seeds, ${Math.round(done / ((performance.now() - started) / 1000))}/s `,
      )
  }
  const share = Math.min(SEEDS_A_PROCESS, Math.ceil(seeds / lanes))
  let next = from
  const lane = async () => {
    for (let first = next; first < from + seeds; first = next) {
      next += share
      const code = await inProcess(first, Math.min(share, from + seeds - first), report)
      add(sum, atWork.get(first) ?? nothing())
      atWork.delete(first)
      if (code !== 0) sum.failed++
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return sum
}

function inProcess(first: number, count: number, report: (first: number, tally: Tally) => void) {
  const args = ['--worker', '--from', String(first), '--seeds', String(count), ...asked]
  const child = fork(import.meta.filename, args)
  child.on('message', (tally: Tally) => report(first, tally))
  return new Promise<number | null>((resolve) => child.on('exit', resolve))
}

const [from, seeds] = [Number(values.from), Number(values.seeds)]
if (values.seed !== undefined) process.exitCode = (await one(Number(values.seed))) ? 0 : 1
else if (values.worker) {
  await many(from, seeds, (tally) => process.send?.(tally))
  if (process.connected) process.disconnect()
} else {
  const started = performance.now()
  const tally = await sideBySide(from, seeds, Number(values.lanes ?? Math.min(availableParallelism(), 8)))
  const seconds = (performance.now() - started) / 1000
  console.log(
    `\n${tally.seeds} seeds, ${tally.failed} failed; ${tally.events} events, ${tally.crashes} crashes, ${tally.zombies} zombies, ${tally.inDoubt} settled by a person; ${seconds.toFixed(0)} s, ${Math.round(tally.seeds / seconds)} a second`,
  )
  process.exitCode = tally.failed > 0 || tally.seeds < seeds ? 1 : 0
}
