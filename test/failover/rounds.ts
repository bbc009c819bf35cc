/** The faults, each in a round of its own: runs in flight, the fault, and what it all came to. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { randomBy } from '../random.ts'
import { carriedBy, judge, type Fault, type Judged } from './judge.ts'
import { Load } from './load.ts'
import type { FaultName, Site, WorkerOptions, WorkerProcess } from './site.ts'

export interface RoundOptions {
  readonly site: Site
  readonly folder: string
  readonly runs: number
  readonly seed: string
  /** How long a worker stands still, or is cut off. */
  readonly outageMs: number
  readonly workers?: number
}

export interface Round extends Judged {
  readonly fault: FaultName
  readonly outcomes: readonly string[]
  readonly ms: number
  /** Workers that did not end as they should. */
  readonly badExits: readonly string[]
}

/** When the first effects are under way, and the last runs still ahead of theirs. */
const INTO_IT_MS = 1500
const SKEW_MS = 600_000

export async function round(fault: FaultName, options: RoundOptions): Promise<Round> {
  const { site, runs, seed, workers: count = 3 } = options
  const folder = join(options.folder, fault.replaceAll(' ', '-'))
  mkdirSync(folder, { recursive: true })
  const since = performance.now()
  const workers = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      site.startWorker({ release: 'release-1.ts', ...skewOf(fault, i) }),
    ),
  )
  const random = randomBy(`${seed}:${fault}`)
  const isNew = (n: number) => fault === 'rolling deploy' && n % 2 === 1
  const load = await Load.start({ site, folder, round: `${seed} ${fault}`, runs, random, isNew })
  await pause(INTO_IT_MS)
  const faults: Fault[] = []
  await strike(fault, options, workers, faults)
  const outcomes = await load.outcomes()
  const badExits = await endAll(workers, faults)
  const judged = await judge(site, folder, new Set(load.ids), faults)
  await load.close()
  return { ...judged, fault, outcomes, badExits, ms: performance.now() - since }
}

function skewOf(fault: FaultName, i: number): Pick<WorkerOptions, 'skewMs'> {
  return fault === 'clocks off' ? { skewMs: [SKEW_MS, -SKEW_MS, 0][i % 3] ?? 0 } : {}
}

async function strike(
  fault: FaultName,
  { site, outageMs }: RoundOptions,
  workers: WorkerProcess[],
  faults: Fault[],
): Promise<void> {
  const victim = await busiest(site, workers)
  if (!victim) return
  const note = (victims: Fault['victims'], isGradual = false) =>
    void faults.push({ at: Date.now(), victims, isGradual })
  switch (fault) {
    case 'none':
    case 'clocks off':
      return
    case 'worker killed':
      note([victim.name])
      victim.kill('SIGKILL')
      return
    case 'worker stopped':
      note([victim.name])
      victim.kill('SIGSTOP')
      await pause(outageMs)
      victim.kill('SIGCONT')
      return
    case 'server crashed':
      note('all')
      await site.crashServer()
      return
    case 'node killed':
      note('all')
      await site.killNode?.(outageMs)
      return
    case 'network cut':
    case 'dispatch cut': {
      const network = fault === 'network cut' ? victim.network : victim.dispatch
      note([victim.name], fault === 'dispatch cut')
      network?.hold()
      await pause(outageMs)
      network?.heal()
      return
    }
    case 'rolling deploy':
      for (const [i, old] of [...workers].entries()) {
        workers.push(await site.startWorker({ release: 'release-2.ts' }))
        old.kill('SIGTERM')
        await old.over
        if (i === 0) await pause(INTO_IT_MS)
      }
      return
    case 'one by one': {
      note([victim.name])
      victim.kill('SIGKILL')
      const second = workers.find((worker) => worker !== victim)
      workers.push(await site.startWorker({ release: 'release-1.ts' }))
      if (second) note([second.name])
      second?.kill('SIGSTOP')
      await pause(outageMs / 2)
      note('all')
      await site.crashServer()
      await pause(outageMs / 2)
      second?.kill('SIGCONT')
    }
  }
}

/** Whoever has carried the most runs so far: a fault of a worker that has none shows nothing. */
async function busiest(site: Site, workers: readonly WorkerProcess[]): Promise<WorkerProcess | undefined> {
  const carried = await carriedBy(site)
  return workers.toSorted((a, b) => (carried.get(b.name) ?? 0) - (carried.get(a.name) ?? 0))[0]
}

/** Tells all to end; names those that do not end well, but for the one that was killed. */
async function endAll(
  workers: readonly WorkerProcess[],
  faults: readonly Fault[],
): Promise<readonly string[]> {
  const bad: string[] = []
  for (const worker of workers) worker.kill('SIGTERM')
  for (const { name, over } of workers) {
    const { code, stderr } = await over
    const isVictim = faults.some(({ victims }) => victims !== 'all' && victims.includes(name))
    if (code !== 0 && !(isVictim && code === null))
      bad.push(`${name} ended with ${code}: ${stderr.slice(-1000)}`)
  }
  return bad
}

/**
 * A worker that stands still within an effect ends it when it goes on. The table does not honour keys, so what its reconcile finds is
 * how it is then, not how it will be: such an effect may take place twice (docs/decisions/0020, what a lease cannot do).
 */
const STOPS: ReadonlySet<FaultName> = new Set(['worker stopped', 'one by one'])

/** Everything that must not be, however slow the machine is. */
export function harmIn(round: Round, reference: readonly string[]): readonly string[] {
  const different = round.outcomes.flatMap((outcome, n) =>
    outcome === reference[n] ? [] : [`run ${n} came to ${outcome}, not ${reference[n] ?? 'anything'}`],
  )
  return [
    ...different,
    ...round.duplicated.map((one) => `two outcomes of ${one}`),
    ...round.effectsTwice.map((one) => `an effect took place twice: ${one}`),
    ...(STOPS.has(round.fault) ? [] : round.bookedTwice.map((one) => `a row was inserted twice: ${one}`)),
    ...round.breaks.map((one) => `verify: ${one}`),
    ...round.badExits,
  ]
}

/** Everything that must not be where no worker is late but by the fault. */
export function wrongsOf(round: Round, reference: readonly string[]): readonly string[] {
  return [
    ...harmIn(round, reference),
    ...(round.inDoubt > round.openAtFault
      ? [`${round.inDoubt} effects in doubt, ${round.openAtFault} were open at the fault`]
      : []),
  ]
}
