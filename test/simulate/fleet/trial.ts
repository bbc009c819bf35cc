/** One seed: its program without misfortune, then with it, and what must hold afterwards. */
import type { Log, StoredEvent } from 'throughline'
import { openStore } from 'throughline/testing'
import { check } from './check.ts'
import { Driver } from './driver.ts'
import { Generator } from './generate.ts'
import { Hub, SharedClock } from './hub.ts'
import type { Program } from './program.ts'
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

interface Shared {
  readonly store: Log
  readonly clock: SharedClock
  uses: number
}

/** What one process keeps between seeds; nothing of it can be told from outside. */
export class Trials {
  #shared: Shared | undefined

  async tryOut(seed: number, hasTrace = false): Promise<Trial> {
    const program = new Generator(sfc32(seed, 1)).program()
    const reference = await this.#reference(seed, program)
    const trial = await live(seed, program, hasTrace)
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
    const hub = new Hub({ store, clock, random, refusals: 0, badNews: 0, hasTrace: false })
    const world = new World()
    const driver = new Driver({ program, hub, world, random, hasMisfortune: false, ids: idsFrom(names) })
    await driver.drive()
    for (const process of hub.processes) process.die()
    return { violations: world.violations, outcome: outcomeOf(store, driver.people.rootId) }
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

async function live(seed: number, program: Program, hasTrace: boolean) {
  const random = sfc32(seed, 2)
  const { store, clock } = openShared()
  const refusals = random.pick([0, 0, 0.03, 0.2])
  const hub = new Hub({ store, clock, random, refusals, badNews: random.pick([0, 0.1, 0.5]), hasTrace })
  const world = new World()
  const driver = new Driver({ program, hub, world, random, hasMisfortune: true, ids: idsFrom('') })
  const stop = hasTrace ? follow(store, hub.trace) : () => {}
  hub.zombied = () => (world.honoursKeys = true)
  await driver.drive()
  stop()
  await check({ store, driver, world, hasRefusals: refusals > 0 })
  const outcome = outcomeOf(store, driver.people.rootId)
  const events = store.position()
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
function outcomeOf(store: Log, run: string): readonly unknown[] {
  const [row] = store.select('runs', { where: { run } })
  const head = store.head(String(row?.['stream']))
  // The end of the root is among the last events of its store.
  for (let position = store.position(); position > 0; position--) {
    const event = store.eventAt(position)
    if (event?.stream !== head?.stream || event?.seq !== head?.seq) continue
    return event?.kind === 'run.done'
      ? [event.kind, (JSON.parse(event.body ?? '{}') as { v: unknown }).v]
      : [event?.kind]
  }
  return []
}

function follow(store: Log, trace: string[]): () => void {
  let seen = 0
  return store.onCommit(() => {
    for (let event = store.eventAt(seen + 1); event; event = store.eventAt(seen + 1)) {
      trace.push(line(event))
      seen++
    }
  })
}

function line(event: StoredEvent): string {
  return `${String(event.position).padStart(4)} ${event.stream} ${event.seq} ${event.kind} ${event.name ?? ''}${event.ordinal === undefined ? '' : `#${event.ordinal}`} ${event.after === undefined ? '' : `after ${event.after} `}${(event.body ?? '').slice(0, 160)}`
}
