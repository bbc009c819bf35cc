/**
 * npm run simulate -- --seeds N [--from F] [--seed S] [--deep]: many deployments under bad luck, each from its seed alone.
 *
 * Broad: one task of many operations, checked against what its program says. Deep (in deep/): several tasks with forks, a hub that
 * delays, doubles and loses wake-ups, and processes that are paused and come back.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Trials } from './deep/trial.ts'
import { simulate, type Verdict } from './seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    worker: { type: 'boolean', default: false },
    deep: { type: 'boolean', default: false },
  },
})

interface Tally {
  seeds: number
  crashes: number
  inDoubt: number
  zombies: number
  failed: number
}

const trials = values.deep ? new Trials() : undefined

async function simulated(seed: number, wantsTrace = false): Promise<Verdict> {
  if (!trials) return simulate(seed, wantsTrace)
  const { violations, crashes, trace } = await trials.tryOut(seed, wantsTrace)
  return { faults: violations, crashes, inDoubt: 0, zombies: 0, status: 'tried', trace }
}

async function one(seed: number): Promise<void> {
  const verdict = await simulated(seed, true)
  for (const line of verdict.trace) process.stdout.write(`${line}\n`)
  process.stdout.write(
    `seed ${seed}: ${verdict.status}, ${verdict.crashes} crashes, ${verdict.inDoubt} in doubt\n`,
  )
  for (const fault of verdict.faults) process.stdout.write(`FAULT ${fault}\n`)
  process.exitCode = verdict.faults.length > 0 ? 1 : 0
}

async function many(from: number, seeds: number, report: (tally: Tally) => void): Promise<Tally> {
  const tally: Tally = { seeds: 0, crashes: 0, inDoubt: 0, zombies: 0, failed: 0 }
  for (let seed = from; seed < from + seeds; seed++) {
    const verdict = await simulated(seed)
    tally.seeds++
    tally.crashes += verdict.crashes
    tally.inDoubt += verdict.inDoubt
    tally.zombies += verdict.zombies
    if (verdict.faults.length > 0) {
      tally.failed++
      process.stdout.write(
        `\nseed ${seed} failed: ${verdict.faults[0]?.slice(0, 300) ?? ''}\n  npm run simulate -- ${values.deep ? '--deep ' : ''}--seed ${seed}\n`,
      )
    }
    if (tally.seeds % 50 === 0) report(tally)
  }
  report(tally)
  return tally
}

/** Half the seeds in each process; a process that dies counts as a failure. */
async function sideBySide(from: number, seeds: number): Promise<Tally> {
  const lanes = Math.min(availableParallelism(), 8)
  const share = Math.ceil(seeds / lanes)
  const tallies: Tally[] = []
  const started = performance.now()
  const sum = () =>
    tallies.reduce(
      (a, b) => ({
        seeds: a.seeds + b.seeds,
        crashes: a.crashes + b.crashes,
        inDoubt: a.inDoubt + b.inDoubt,
        zombies: a.zombies + b.zombies,
        failed: a.failed + b.failed,
      }),
      { seeds: 0, crashes: 0, inDoubt: 0, zombies: 0, failed: 0 },
    )
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) => {
      const first = from + lane * share
      const count = Math.max(0, Math.min(share, from + seeds - first))
      const child = fork(import.meta.filename, [
        '--worker',
        '--from',
        String(first),
        '--seeds',
        String(count),
        ...(values.deep ? ['--deep'] : []),
      ])
      child.on('message', (tally: Tally) => {
        tallies[lane] = tally
        if (process.stderr.isTTY)
          process.stderr.write(
            `\r${sum().seeds} of ${seeds} seeds, ${Math.round(sum().seeds / ((performance.now() - started) / 1000))}/s `,
          )
      })
      return new Promise<void>((resolve) =>
        child.on('exit', (code) => {
          if (code !== 0) tallies.push({ seeds: 0, crashes: 0, inDoubt: 0, zombies: 0, failed: 1 })
          resolve()
        }),
      )
    }),
  )
  return sum()
}

if (values.seed !== undefined) await one(Number(values.seed))
else if (values.worker) {
  await many(Number(values.from), Number(values.seeds), (tally) => process.send?.(tally))
  process.disconnect()
} else {
  const started = performance.now()
  const tally = await sideBySide(Number(values.from), Number(values.seeds))
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(
    `\n${tally.seeds} seeds, ${tally.failed} failed; ${tally.crashes} crashes, ${tally.inDoubt} settled by a person, ${tally.zombies} late commits refused; ${seconds.toFixed(0)} s\n`,
  )
  process.exitCode = tally.failed > 0 || tally.seeds < Number(values.seeds) ? 1 : 0
}
