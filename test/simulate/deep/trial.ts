/** One seed: its program without misfortune, then with it, and what must hold afterwards. */
import type { Log, StoredEvent } from 'throughline'
import { openStore } from 'throughline/testing'
import { check } from './check.ts'
import { Driver } from './driver.ts'
import { Generator } from './generate.ts'
import { Hub, SharedClock } from './hub.ts'
import type { Program } from './program.ts'
import { Random } from './random.ts'
import { World } from './world.ts'

export interface Trial {
  readonly violations: readonly string[]
  readonly crashes: number
  readonly zombies: number
  readonly events: number
  readonly trace: readonly string[]
}

export async function tryOut(seed: number, hasTrace = false): Promise<Trial> {
  const program = new Generator(new Random(seed, 1)).program()
  const reference = await live(seed, program, false, hasTrace)
  const trial = await live(seed, program, true, hasTrace)
  const reached = JSON.stringify(trial.outcome)
  const violations = [...reference.violations.map((one) => `without misfortune: ${one}`), ...trial.violations]
  if (!trial.isCancelled && reached !== JSON.stringify(reference.outcome))
    violations.push(`it came to ${reached}, without misfortune to ${JSON.stringify(reference.outcome)}`)
  return { ...trial, violations, trace: hasTrace ? [JSON.stringify(program, undefined, 1), ...trial.trace] : [] }
}

async function live(seed: number, program: Program, hasMisfortune: boolean, hasTrace: boolean) {
  const random = new Random(seed, hasMisfortune ? 2 : 3)
  const clock = new SharedClock()
  const store = openStore('memory:', { clock: { now: () => clock.now, at: () => () => {} } })
  const refusals = random.pick([0, 0, 0.03, 0.2])
  const hub = new Hub({ store, clock, random, refusals, badNews: random.pick([0, 0.1, 0.5]), hasTrace })
  const world = new World()
  let ids = 0
  const driver = new Driver({ program, hub, world, random, hasMisfortune, ids: (prefix) => `${prefix}_${++ids}` })
  const stop = hasTrace ? follow(store, hub.trace) : () => {}
  hub.zombied = () => (world.honoursKeys = true)
  await driver.drive()
  stop()
  await check({ store, driver, world })
  const outcome = outcomeOf(store, driver.rootId)
  const events = store.position()
  for (const process of hub.processes) process.die()
  await store.close()
  return { violations: world.violations, crashes: driver.crashes, zombies: driver.zombies, isCancelled: driver.isCancelled, events, outcome, trace: hub.trace }
}

function outcomeOf(store: Log, run: string): unknown {
  const [row] = store.select('runs', { where: { run } })
  const head = store.head(String(row?.['stream']))
  for (let position = store.position(); position > 0; position--) {
    const event = store.eventAt(position)
    if (event?.stream === head?.stream && event?.seq === head?.seq)
      return event?.kind === 'run.done' ? [event.kind, (JSON.parse(event.body ?? '{}') as { v: unknown }).v] : [event?.kind]
  }
  return undefined
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
