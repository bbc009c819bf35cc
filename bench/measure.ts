/**
 * Measures one subject: warm up, then rounds; the medians count.
 *
 * The disk of a shared machine changes from second to second, so a raw append + fdatasync is timed before and after every
 * sequential round, and the share of the raw limit is formed per round.
 */
import { discard, scratch } from './scratch.ts'
import { median, percentile } from './statistics.ts'
import { expectSteps, stopwatch } from './subject.ts'
import { syncedWrites } from './raw.ts'
import type { Sequence, Subject } from './subject.ts'

export interface Shape {
  readonly steps: number
  readonly bytes: number
  readonly fleetRuns: number
  readonly fleetSteps: number
  /** Rounds at most, and the seconds after which no further round of a workload is begun. */
  readonly rounds: number
  readonly seconds: number
  /** Before each workload, the same for every subject: what a process that has been up for a while reaches. */
  readonly warmUpSeconds: number
}

export const quick: Shape = {
  steps: 1000,
  bytes: 200,
  fleetRuns: 100,
  fleetSteps: 50,
  rounds: 3,
  seconds: 4,
  warmUpSeconds: 2,
}
export const full: Shape = { ...quick, rounds: 7, seconds: 30, warmUpSeconds: 5 }

export interface Measured {
  readonly name: string
  readonly configured: string
  readonly sequential: {
    readonly perSecond: number
    readonly p50Ms: number
    readonly p99Ms: number
    readonly ofRaw: number
    readonly rawPerSecond: number
    readonly rounds: number
  }
  readonly fleet: { readonly perSecond: number; readonly rounds: number }
  readonly bytesPerStep?: number
}

async function warmUp(shape: Shape, round: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + shape.warmUpSeconds * 1000
  while (performance.now() < until) await round()
}

export async function measure(
  subject: Subject,
  shape: Shape,
  tell: (line: string) => void,
): Promise<Measured> {
  tell(`${subject.name}: starting`)
  await subject.start()
  try {
    await warmUp(shape, () => subject.sequential(100, shape.bytes))
    const before = await subject.bytes?.()
    tell(`${subject.name}: one run of ${shape.steps} steps`)
    const first = await oneRun(subject, shape)
    const after = await subject.bytes?.()
    const rounds = [first, ...(await repeat(shape, first.seconds, () => oneRun(subject, shape)))]
    tell(`${subject.name}: ${shape.fleetRuns} runs of ${shape.fleetSteps} steps at once`)
    const fleetRound = async () => ({ seconds: await subject.fleet(shape.fleetRuns, shape.fleetSteps) })
    await warmUp(shape, () => subject.fleet(shape.fleetRuns, 10))
    const firstFleet = await fleetRound()
    const fleets = [firstFleet, ...(await repeat(shape, firstFleet.seconds, fleetRound))]
    return {
      name: subject.name,
      configured: subject.configured,
      sequential: {
        perSecond: median(rounds.map((round) => shape.steps / round.seconds)),
        p50Ms: median(rounds.map((round) => percentile(round.stepMs, 0.5))),
        p99Ms: median(rounds.map((round) => percentile(round.stepMs, 0.99))),
        ofRaw: median(rounds.map((round) => shape.steps / round.seconds / round.raw)),
        rawPerSecond: median(rounds.map((round) => round.raw)),
        rounds: rounds.length,
      },
      fleet: {
        perSecond: median(fleets.map(({ seconds }) => (shape.fleetRuns * shape.fleetSteps) / seconds)),
        rounds: fleets.length,
      },
      ...(before === undefined || after === undefined
        ? {}
        : { bytesPerStep: (after - before) / shape.steps }),
    }
  } finally {
    await subject.stop()
  }
}

async function oneRun(subject: Subject, shape: Shape): Promise<Sequence & { readonly raw: number }> {
  const folder = scratch('raw')
  const raw = () => syncedWrites(folder, { writes: 500, bytes: shape.bytes, grown: false }).perSecond
  const before = raw()
  const sequence = await subject.sequential(shape.steps, shape.bytes)
  expectSteps(subject.name, shape.steps, sequence.stepMs.length)
  const after = raw()
  discard(folder)
  return { ...sequence, raw: (before + after) / 2 }
}

async function repeat<T>(shape: Shape, firstSeconds: number, round: () => Promise<T>): Promise<T[]> {
  const elapsed = stopwatch()
  const rounds: T[] = []
  while (rounds.length + 1 < shape.rounds && elapsed() + firstSeconds < shape.seconds)
    rounds.push(await round())
  return rounds
}
