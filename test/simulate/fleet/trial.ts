/** One seed: its program without misfortune, then with it, and what must hold afterwards. */
import type { Log, StoredEvent } from 'throughline'
import { openStore } from 'throughline/testing'
import { Board } from './board.ts'
import { check } from './check.ts'
import { Driver } from './driver.ts'
import { Generator } from './generate.ts'
import { Hub, SharedClock } from './hub.ts'
import type { Program } from './program.ts'
import { addRestate } from './restate.ts'
import { Mismatch } from '../../restate/simulated/restate.ts'
import { sfc32 } from '../../random.ts'
import { World } from './world.ts'

export interface Trial {
  readonly violations: readonly string[]
  readonly crashes: number
  readonly zombies: number
  readonly doubts: number
  readonly events: number
  readonly trace: readonly string[]
}

/** How many references share a store: opening one costs as much as a program does. */
const REFERENCES_A_STORE = 50
const NO_MISFORTUNE = { refusals: 0, distance: 0, losses: 0, badNews: 0 }

/** Half the seeds by one process at a time, the others by two or three workers. */
export const workersBy = (seed: number): number => (seed % 2 === 0 ? 1 : seed % 4 === 1 ? 2 : 3)

/** Who says which of several workers carries what: leases, or Restate. */
export type Dispatch = 'leases' | 'restate'

/** Of the seeds of several workers, half by each. */
export const dispatchBy = (seed: number, workers: number): Dispatch =>
  workers > 1 && seed % 8 >= 4 ? 'restate' : 'leases'

export interface Manner {
  readonly workers: number
  readonly dispatch: Dispatch
  readonly hasTrace: boolean
}

interface Shared {
  readonly store: Log
  readonly clock: SharedClock
  uses: number
}

/** What one process keeps between seeds; nothing of it can be told from outside. */
export class Trials {
  #shared: Shared | undefined

  /** By one process at a time, or by several that share the work. */
  async tryOut(
    seed: number,
    {
      workers = workersBy(seed),
      dispatch = dispatchBy(seed, workers),
      hasTrace = false,
    }: Partial<Manner> = {},
  ): Promise<Trial> {
    const program = new Generator(sfc32(seed, 1)).program()
    const reference = await this.#reference(seed, program)
    const trial = await live(seed, program, { workers, dispatch, hasTrace })
    const reached = JSON.stringify(trial.outcome)
    const violations = [
      ...reference.violations.map((one) => `without misfortune: ${one}`),
      ...trial.violations,
    ]
    if (!trial.isCancelled && reached !== JSON.stringify(reference.outcome))
      violations.push(`it came to ${reached}, without misfortune to ${JSON.stringify(reference.outcome)}`)
    return {
      ...trial,
      violations,
      trace: hasTrace ? [JSON.stringify(program, undefined, 1), ...trial.trace] : [],
    }
  }

  async #reference(seed: number, program: Program) {
    if (this.#shared && this.#shared.uses >= REFERENCES_A_STORE) await this.close()
    this.#shared ??= { ...openShared(), uses: 0 }
    const { store, clock } = this.#shared
    const names = `r${this.#shared.uses++}_`
    const random = sfc32(seed, 3)
    const hub = new Hub({ store, clock, random, ...NO_MISFORTUNE, hasTrace: false })
    const world = new World()
    const driver = new Driver({
      program,
      hub,
      world,
      random,
      hasMisfortune: false,
      workers: 1,
      ids: idsFrom(names),
    })
    await driver.drive()
    for (const process of hub.processes) process.die()
    return { violations: world.violations, outcome: await outcomeOf(store, driver.people.rootId) }
  }

  async close(): Promise<void> {
    await this.#shared?.store.close()
    this.#shared = undefined
  }
}

function openShared(): { readonly store: Log; readonly clock: SharedClock } {
  const clock = new SharedClock()
  return { clock, store: openStore('memory:', { clock: { now: () => clock.now, at: () => () => {} } }) }
}

function idsFrom(names: string): (prefix: string) => string {
  let ids = 0
  return (prefix) => `${prefix}_${names}${++ids}`
}

async function live(seed: number, program: Program, { workers, dispatch, hasTrace }: Manner) {
  const isByRestate = dispatch === 'restate'
  const isAlone = workers === 1 && !isByRestate
  const random = sfc32(seed, isByRestate ? 6 : isAlone ? 2 : 4)
  const { store, clock } = openShared()
  const refusals = random.pick([0, 0, 0.03, 0.2])
  const badNews = random.pick([0, 0.1, 0.5])
  const distance = random.pick([0, 0, 2, 12])
  const losses = random.pick([0, 0, 0.02, 0.15])
  const board = isAlone ? {} : { board: new Board(store, clock, new SharedClock()) }
  const hub = new Hub({ store, clock, random, refusals, distance, losses, badNews, hasTrace, ...board })
  if (isByRestate) addRestate(hub, random)
  const world = new World()
  // A worker that lost a run may not know it yet.
  world.honoursKeys = !isAlone
  const driver = new Driver({ program, hub, world, random, hasMisfortune: true, workers, ids: idsFrom('') })
  const followed = hasTrace ? follow(store, hub.trace) : () => Promise.resolve()
  hub.wrong = (what) => {
    hub.say(`WRONG ${what}`)
    world.wrong(what)
  }
  if (hub.board) {
    hub.board.left = () => hub.poll()
    hub.board.say = (what) => hub.say(what)
  }
  hub.zombied = () => (world.honoursKeys = true)
  await driver.drive()
  for (const error of hub.restate?.failed ?? []) if (error instanceof Mismatch) world.wrong(error.message)
  await followed()
  await check({ store, driver, world, hasRefusals: refusals > 0 })
  const outcome = await outcomeOf(store, driver.people.rootId)
  const events = await store.position()
  for (const process of hub.processes) process.die()
  await store.close()
  const { crashes, zombies } = driver
  const { doubts, isCancelled } = driver.people
  return {
    violations: world.violations,
    crashes,
    zombies,
    doubts,
    isCancelled,
    events,
    outcome,
    trace: hub.trace,
  }
}

/** How the run ended, and with what. */
async function outcomeOf(store: Log, run: string): Promise<readonly unknown[]> {
  const [row] = await store.select('runs', { where: { run } })
  const head = await store.head(String(row?.['stream']))
  if (!head) return []
  for await (const [event] of store.read(head.stream, head.seq))
    return event?.kind === 'run.done'
      ? [event.kind, (JSON.parse(event.body ?? '{}') as { v: unknown }).v]
      : [event?.kind]
  return []
}

/** Returns what stops it, once all is told. */
function follow(store: Log, trace: string[]): () => Promise<void> {
  let seen = 0
  let told = Promise.resolve()
  const tell = async () => {
    for (;;) {
      const [event] = await store.eventsAt([seen + 1])
      if (!event) return
      trace.push(line(event))
      seen++
    }
  }
  const stop = store.onCommit(() => void (told = told.then(tell)))
  return () => {
    stop()
    return told
  }
}

function line(event: StoredEvent): string {
  return `${String(event.position).padStart(4)} ${event.stream} ${event.seq} ${event.kind} ${event.name ?? ''}${event.ordinal === undefined ? '' : `#${event.ordinal}`} ${event.after === undefined ? '' : `after ${event.after} `}${(event.body ?? '').slice(0, 160)}`
}
