/** One errand carried through a number of kills to its end, and what was found wrong on the way. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { open, RunEnded, ThroughlineError } from 'throughline'
import { modelServer, type ModelServer } from 'throughline/testing'
import { startVictim, type Orders, type Says } from '../crash/process.ts'
import { verifyCopy } from '../crash/record.ts'
import { randomBy, type Random } from '../random.ts'
import { callsIn, eventsIn, type Calls } from './calls.ts'
import {
  answersGiven,
  effects,
  errandScript,
  isOnce,
  resultOf,
  TURNS,
  type ErrandInput,
  type WireName,
} from './errand.ts'
import { misbooked, spentBy, underbooked } from './spending.ts'

export interface Errand {
  readonly wire: WireName
  readonly isStreamed: boolean
  readonly task: string
}

export interface Trial {
  readonly kills: number
  readonly inDoubt: number
  /** Requests beyond one for each call: what was under way when a process was killed. */
  readonly askedAgain: number
  readonly wrong: readonly string[]
}

export interface TrialOptions {
  readonly errand: Errand
  readonly folder: string
  readonly random: Random
  /** Takes one from what is left to kill; false when nothing is. */
  readonly mayKill: () => boolean
  readonly missed: () => void
  /** What it comes to when nobody is killed, by the wire. */
  readonly undisturbed: string | undefined
}

const entry = new URL('./victim.ts', import.meta.url).pathname
const PATIENCE_MS = 120_000
const START_UP_MS = 1500
/** Commits between one kill and the next: a run has about a hundred. */
const MOST_COMMITS = 30
const MOST_CALLS = 8
const MOST_KILLS = 12

type Moment =
  | { readonly afterMs: number }
  /** After the server read its nth request of this life. */
  | { readonly asked: number; readonly afterMs: number }
  | { readonly die: NonNullable<Orders['die']> }

function momentOf(random: Random): Moment {
  const kind = random.next()
  if (kind < 0.1) return { afterMs: random.between(0, START_UP_MS) }
  if (kind < 0.4) return { asked: random.between(1, MOST_CALLS), afterMs: random.between(0, 40) }
  const afterUs = random.pick([0, random.between(1, 3000)])
  const after = random.pick(['commit', 'intent'])
  return { die: { after, nth: random.between(1, MOST_COMMITS), afterUs } }
}

/** Without kills, for comparison. */
export async function leaveAlone(errand: Errand, folder: string): Promise<string> {
  const trial = await tryToBreak({
    errand,
    folder,
    random: randomBy(folder),
    mayKill: () => false,
    missed() {},
    undisturbed: undefined,
  })
  if (trial.wrong.length > 0) throw new Error(`Even undisturbed: ${trial.wrong.join('; ')}`)
  return trial.outcome ?? ''
}

export async function tryToBreak(
  options: TrialOptions,
): Promise<Trial & { readonly outcome: string | undefined }> {
  const { folder, random, undisturbed } = options
  mkdirSync(folder, { recursive: true })
  const store = join(folder, 'store.db')
  const server = await modelServer({ repeatsCallIds: true })
  const wrong: string[] = []
  let kills = 0
  try {
    for (;;) {
      const moment = kills < MOST_KILLS && options.mayKill() ? momentOf(random) : undefined
      const { over, outcome } = await carryOn(options, server, moment)
      if (moment && !over.wasKilled) options.missed()
      if (over.wasKilled) {
        kills++
        wrong.push(...(await lookAt(store, server)))
        if (moment) continue
      }
      if (over.code !== 0)
        wrong.push(
          `a process ended with ${over.wasKilled ? 'no answer' : over.code}: ${over.stderr.slice(-2000)}`,
        )
      const { calls, faults } = await judge(options, server)
      wrong.push(...faults)
      if (undisturbed !== undefined && outcome !== undisturbed)
        wrong.push(`it came to ${outcome?.slice(0, 2000) ?? 'nothing'}`)
      if (kills === 0 && calls.models.reduce((sum, { asked }) => sum + asked.length, 0) !== TURNS)
        wrong.push('calls were repeated though nobody was killed')
      if (wrong.length === 0) rmSync(folder, { recursive: true })
      const { inDoubt } = calls
      return { kills, inDoubt, askedAgain: server.requests.length - TURNS, wrong, outcome }
    }
  } finally {
    await server.close()
  }
}

/** What a kill left: it verifies, and no less is booked than was spent. */
async function lookAt(store: string, server: ModelServer): Promise<string[]> {
  if (!existsSync(store)) return []
  const breaks = await verifyCopy(store, async ({ log }) => {
    const calls = callsIn(await eventsIn(log))
    return [...underbooked(calls, server.requests)]
  })
  return breaks
}

async function judge(
  { folder, errand }: TrialOptions,
  server: ModelServer,
): Promise<{ readonly calls: Calls; readonly faults: readonly string[] }> {
  await using tl = await open({ store: join(folder, 'store.db'), isReadOnly: true })
  const calls = callsIn(await eventsIn(tl.log))
  const faults = [
    ...(await verifyCopy(join(folder, 'store.db'))),
    ...misbooked(calls, server.requests),
    ...twice(folder),
  ]
  if (calls.models.length !== TURNS) faults.push(`${calls.models.length} model calls, not ${TURNS}`)
  if (errand.task === 'errand-within') {
    const [row] = await tl.log.select('budgets', {})
    const tokens = Number(row?.['tokens'])
    const spent = spentBy(server.requests)
    const isEqual = calls.models.every(({ asked }) => asked.length === 1)
    if (!(tokens >= spent)) faults.push(`the ledger has ${tokens} tokens, the server ${spent}`)
    if (isEqual && tokens !== spent)
      faults.push(`nothing is in doubt; the ledger has ${tokens} tokens, the server ${spent}`)
  }
  return { calls, faults }
}

/** No turn was given two answers, and no effect that may happen once happened twice, or never. */
function* twice(folder: string): Generator<string> {
  const given = Map.groupBy(answersGiven(folder), ({ turn }) => turn)
  if (given.size !== TURNS) yield `the body was given ${given.size} answers, not ${TURNS}`
  const ids = new Set<string>()
  for (const [turn, answers] of given) {
    const own = new Set(answers.map(({ id }) => id))
    if (own.size > 1) yield `turn ${turn} was given ${own.size} answers: ${[...own].join(', ')}`
    for (const id of own) {
      if (ids.has(id)) yield `answer ${id} was given to two turns`
      ids.add(id)
    }
  }
  const done = Map.groupBy(effects(folder), ({ tool, item }) => `${tool} ${item}`)
  for (const [what, lines] of done) {
    if (isOnce(lines[0]?.tool ?? '') && lines.length > 1) yield `${what} took place ${lines.length} times`
    if (new Set(lines.map(({ key }) => key)).size > 1) yield `${what} had several keys`
  }
  const wanted = Array.from({ length: TURNS - 1 }, (_, turn) => 2 + (turn % 3)).reduce((a, b) => a + b, 0)
  if (done.size !== wanted) yield `${done.size} different effects took place, not ${wanted}`
}

async function carryOn({ errand, folder }: TrialOptions, server: ModelServer, moment: Moment | undefined) {
  const { wire, isStreamed, task } = errand
  const input: ErrandInput = { folder, url: server[wire], wire, isStreamed }
  const store = join(folder, 'store.db')
  let outcome: string | undefined
  let answering = Promise.resolve()
  const victim = startVictim(
    {
      store,
      task,
      input,
      key: 'the one',
      ...(moment && 'die' in moment ? { die: moment.die } : {}),
    },
    (what) => {
      if (what.says === 'ended') outcome = JSON.stringify(what.outcome).replaceAll(folder, '')
      if (what.says === 'waiting') answering = answering.then(() => settle(store, folder, what))
    },
    entry,
  )
  const kill = () => victim.kill('SIGKILL')
  let asked = 0
  server.script((request) => {
    if (moment && 'asked' in moment && ++asked === moment.asked) setTimeout(kill, moment.afterMs)
    return errandScript(request)
  })
  const isTimed = moment && 'afterMs' in moment && !('asked' in moment)
  const timer = setTimeout(kill, isTimed ? moment.afterMs : PATIENCE_MS)
  const over = await victim.over
  clearTimeout(timer)
  await answering
  return { outcome, over }
}

/** A person looks at the file, and says whether the effect took place. */
async function settle(
  store: string,
  folder: string,
  { run, kind, name }: Extract<Says, { says: 'waiting' }>,
): Promise<void> {
  if (kind !== 'in_doubt') return
  await using tl = await open({ store, worker: false })
  const called = (await Array.fromAsync(tl.history(run))).find(
    (event) => event.kind === 'tool.called' && event.name === name,
  )
  const { tool, args } = JSON.parse(called?.body ?? '{}') as { tool: string; args: { item: string } }
  const isDone = effects(folder).some((line) => line.tool === tool && line.item === args.item)
  const value = resultOf(tool, args.item)
  try {
    await (await tl.run(run)).resolve(name, isDone ? { done: true, value } : { done: false })
  } catch (error) {
    // The victim was quicker: what was to be settled is settled.
    const isOver =
      error instanceof RunEnded || (error instanceof ThroughlineError && error.code === 'not_in_doubt')
    if (!isOver) throw error
  }
}
