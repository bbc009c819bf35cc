/** One run carried through a number of kills to its end, and what was found wrong on the way. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { startVictim, type Orders } from './process.ts'
import type { Random } from '../random.ts'
import { readRecord, verifyCopy } from './record.ts'
import type { Scenario } from './scenarios.ts'

/** What the run comes to when nobody is killed. */
export interface Undisturbed {
  readonly outcome: string
  readonly leaves: unknown
  readonly ms: number
}

export interface Trial {
  readonly kills: number
  readonly inDoubt: number
  readonly verified: number
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  /** Anything else that must not be. */
  readonly wrong: readonly string[]
}

export interface TrialOptions {
  readonly scenario: Scenario
  readonly folder: string
  readonly random: Random
  /** Takes one from what is left to kill; false when nothing is. */
  readonly mayKill: () => boolean
  readonly missed: () => void
  readonly undisturbed: Undisturbed
}

const START_UP_MS = 450
const MOST_COMMITS_APART = 20
/** Far beyond any run of these. */
const PATIENCE_MS = 60_000

/** Runs without kills, for comparison. */
export async function leaveAlone(scenario: Scenario, folder: string): Promise<Undisturbed> {
  mkdirSync(folder, { recursive: true })
  const { outcome, over } = await carryOn(scenario, folder)
  if (!outcome) throw new Error(`${scenario.name} did not end, even undisturbed: ${over.stderr}`)
  return { outcome, leaves: scenario.leaves(folder), ms: over.ms }
}

export async function tryToBreak(options: TrialOptions): Promise<Trial> {
  const { scenario, folder, random } = options
  mkdirSync(folder, { recursive: true })
  const store = join(folder, 'store.db')
  const planned = random.between(3, 9)
  const wrong: string[] = []
  let kills = 0
  let verified = 0
  for (;;) {
    const moment = kills < planned && options.mayKill() ? momentOf(options) : undefined
    const carried = await carryOn(scenario, folder, moment)
    const { wasKilled, code, stderr } = carried.over
    if (moment && !wasKilled) options.missed()
    if (wasKilled) {
      kills++
      const breaks = existsSync(store) ? await verifyCopy(store) : []
      if (breaks.length === 0) verified++
      wrong.push(...breaks)
      if (moment) continue
    }
    if (code !== 0)
      wrong.push(`a process ended with ${wasKilled ? 'no answer' : code}: ${stderr.slice(-2000)}`)
    const trial = { ...(await judge(options, carried.outcome, kills)), kills, verified }
    const all = { ...trial, wrong: [...wrong, ...trial.wrong] }
    if (all.lost.length + all.duplicated.length + all.wrong.length === 0) rmSync(folder, { recursive: true })
    return all
  }
}

/** What the run came to, against what it comes to undisturbed. */
async function judge(
  { scenario, folder, undisturbed }: TrialOptions,
  outcome: string | undefined,
  kills: number,
) {
  const record = await readRecord(join(folder, 'store.db'))
  const breaks = await verifyCopy(join(folder, 'store.db'))
  const lost: string[] = []
  const wrong = [...breaks, ...scenario.wrong(folder)]
  if (outcome !== undisturbed.outcome) lost.push(`it came to ${outcome ?? 'nothing'}`)
  if (!isDeepStrictEqual(scenario.leaves(folder), undisturbed.leaves))
    lost.push(`it left ${JSON.stringify(scenario.leaves(folder)).slice(0, 2000)}`)
  if (record.runs !== scenario.runs) wrong.push(`${record.runs} runs were started, not ${scenario.runs}`)
  if (record.inDoubt > kills) wrong.push(`${record.inDoubt} effects in doubt after ${kills} kills`)
  return { lost, wrong, duplicated: record.duplicated, inDoubt: record.inDoubt }
}

type Moment = { readonly afterMs: number } | { readonly die: NonNullable<Orders['die']> }

/** A fifth while starting, a third any time, the rest around a commit. */
function momentOf({ random, scenario, undisturbed: { ms } }: TrialOptions): Moment {
  const kind = random.next()
  if (kind < 0.2) return { afterMs: random.between(0, START_UP_MS) }
  if (kind < 0.5) return { afterMs: random.between(START_UP_MS, Math.max(START_UP_MS, ms)) }
  const afterUs = random.pick([0, random.between(1, 3000)])
  if (kind < 0.7 || !scenario.hasEffects)
    return { die: { after: 'commit', nth: random.between(1, MOST_COMMITS_APART), afterUs } }
  return { die: { after: 'intent', nth: random.between(1, 4), afterUs } }
}

async function carryOn(scenario: Scenario, folder: string, moment?: Moment) {
  const orders: Orders = {
    store: join(folder, 'store.db'),
    task: scenario.task,
    input: scenario.input(folder),
    key: 'the one',
    ...(moment && 'die' in moment ? { die: moment.die } : {}),
  }
  let outcome: string | undefined
  let answering = Promise.resolve()
  const victim = startVictim(orders, (what) => {
    // Outcomes may name files of their own folder.
    if (what.says === 'ended') outcome = JSON.stringify(what.outcome).replaceAll(folder, '')
    if (what.says === 'waiting') answering = answering.then(() => scenario.answer(folder, what))
  })
  const timer = setTimeout(
    () => victim.kill('SIGKILL'),
    moment && 'afterMs' in moment ? moment.afterMs : PATIENCE_MS,
  )
  const over = await victim.over
  clearTimeout(timer)
  await answering
  return { outcome, over }
}
