/**
 * Agents that crash at a random commit or await, in a process that is simulated: from then on nothing of it reaches the store. Ten times
 * as fast as real processes, and as many lives as it takes.
 */
import { open, type Log } from 'throughline'
import { modelServer, openStore } from 'throughline/testing'
import { mortal, type MortalLog } from '../../src/testing/mortal-log.ts'
import { randomBy, type Random } from '../random.ts'
import { callsIn, eventsIn } from './calls.ts'
import { prices, WIRES } from './errand.ts'
import type { Scenario } from './scenarios.ts'
import { misbooked } from './spending.ts'
import { changed, misplaced, TURNS, type World } from './world.ts'

export { scenarios } from './scenarios.ts'

export interface CrashOptions {
  readonly scenario: Scenario
  readonly crashes: number
  readonly seed: string
  readonly progress?: (sums: Crashed) => void
}

export interface Crashed {
  readonly crashes: number
  readonly runs: number
  readonly askedAgain: number
  /** Answers that were kept although the code asks otherwise by now. */
  readonly drifted: number
  readonly wrong: readonly string[]
}

/** They are warned of what they are made to do: two of a name at once, settings that changed. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const MOST_CRASHES = 12
const PATIENCE_MS = 60_000

export async function crashAgents({ scenario, crashes, seed, progress }: CrashOptions): Promise<Crashed> {
  const sums = { crashes: 0, runs: 0, askedAgain: 0, drifted: 0, wrong: [] as string[] }
  while (sums.crashes < crashes) {
    const name = `${scenario.name}:${sums.runs}`
    const one = await oneRun(scenario, sums.runs, randomBy(`${seed}:${name}`))
    sums.runs++
    sums.crashes += one.crashes
    sums.askedAgain += one.askedAgain
    sums.drifted += one.drifted
    sums.wrong.push(...one.wrong.map((what) => `${name} (seed ${seed}): ${what}`))
    progress?.(sums)
  }
  return sums
}

async function oneRun(scenario: Scenario, index: number, random: Random): Promise<Omit<Crashed, 'runs'>> {
  const server = await modelServer({ repeatsCallIds: true })
  const store = openStore('memory:')
  const world: World = {
    wire: WIRES[index % 2] ?? 'openai',
    isStreamed: scenario.isStreamed ?? (index & 2) > 0,
    random,
    server,
    life: 0,
    given: [],
    paid: [],
    draws: 0,
    said: new Map(),
    asks: 0,
  }
  try {
    let run: string | undefined
    for (;;) {
      world.life++
      const lived = await live(scenario, world, store, run, world.life > MOST_CRASHES ? undefined : random)
      run = lived.run
      if (lived.isDead) continue
      const calls = callsIn(await eventsIn(store))
      const asks = scenario.name === 'interrupted streams' ? world.asks : scenario.agents * TURNS
      const wrong = [...misbooked(calls, server.requests), ...changed(world), ...misplaced(world)]
      if (lived.error !== undefined) wrong.push(lived.error)
      if (calls.models.length !== asks)
        wrong.push(`${calls.models.length} model calls on the record, not ${asks}`)
      const { drifted } = calls
      return { crashes: world.life - 1, askedAgain: server.requests.length - asks, drifted, wrong }
    }
  } finally {
    await server.close()
    await store.close()
  }
}

interface Lived {
  readonly run: string | undefined
  readonly isDead: boolean
  readonly error?: string
}

/** One life: until the run ends, or the process does. `random`: nobody dies without. */
async function live(
  scenario: Scenario,
  world: World,
  store: Log,
  run: string | undefined,
  random: Random | undefined,
): Promise<Lived> {
  const process = mortal(store)
  const code = scenario.task(world)
  const death = deathOf(scenario, world, store, process, random)
  const tl = await open({ store: process.log, tasks: [code], prices, logger: QUIET })
  const ended = (async (): Promise<Lived> => {
    const handle =
      run === undefined ? await tl.start(code.name, undefined, { key: 'the one' }) : await tl.run(run)
    run = handle.id
    const error = await handle.result().then(
      () => undefined,
      (thrown: unknown) => `it ended with ${String(thrown)}`,
    )
    return { run, isDead: false, ...(error === undefined ? {} : { error }) }
  })()
  const timer = setTimeout(() => death.tooLate(), PATIENCE_MS)
  const lived = await Promise.race([ended, death.died])
  clearTimeout(timer)
  death.stop()
  if (lived === 'late') return { run, isDead: false, error: `nothing came of it in ${PATIENCE_MS} ms` }
  if (lived !== 'dead') {
    await tl.close()
    return lived
  }
  return { run: run ?? (await started(store)), isDead: true }
}

/** It died before it knew what it had started. */
async function started(store: Log): Promise<string | undefined> {
  const [row] = await store.select('runs', {})
  return row === undefined ? undefined : String(row['run'])
}

function deathOf(
  scenario: Scenario,
  world: World,
  store: Log,
  process: MortalLog,
  random: Random | undefined,
) {
  const { promise: died, resolve } = Promise.withResolvers<'dead' | 'late'>()
  let isOver = random === undefined
  const die = () => {
    if (isOver) return
    isOver = true
    process.die()
    resolve('dead')
  }
  const script = scenario.script(world)
  const how = random?.weighted({ commit: 3, turn: 3, request: 3 })
  const most = 8 * scenario.agents
  const left = { commit: 0, request: 0, turn: 0 }
  if (random && how) left[how] = random.between(1, how === 'turn' ? 40 * most : most)
  const afterMs = random?.between(0, 12) ?? 0
  const count = (what: keyof typeof left, then: () => void) => {
    if (left[what] > 0 && --left[what] === 0) then()
  }
  world.server.script((asked) => {
    count('request', () => void setTimeout(die, afterMs))
    return script(asked)
  })
  const unhear = store.onCommit(() => count('commit', die))
  const turn = () => {
    count('turn', die)
    if (!isOver && left.turn > 0) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    died,
    tooLate: () => resolve('late'),
    stop() {
      isOver = true
      unhear()
    },
  }
}
