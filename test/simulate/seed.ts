/** One seed: a program, a run of bad luck, and everything that must hold afterwards. */
import { open, type Log, type RunHandle, type StoredEvent, type Throughline } from 'throughline'
import { openStore, SimulatedClock } from 'throughline/testing'
import { simulated } from './body.ts'
import { checkRecord } from './check.ts'
import { faulty, type FaultyLog } from './faulty-log.ts'
import { expected, messages, scenario, type Scenario } from './program.ts'
import { mulberry32 } from '../random.ts'
import { World } from './world.ts'

export interface Verdict {
  readonly faults: readonly string[]
  readonly crashes: number
  readonly inDoubt: number
  readonly zombies: number
  readonly status: string
  readonly trace: readonly string[]
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const MOST_ROUNDS = 400

export async function simulate(seed: number, wantsTrace = false): Promise<Verdict> {
  const random = mulberry32(seed)
  const world = new World()
  const what = scenario(random)
  const tasks = Object.values(simulated(world))
  const bed = { settle: () => Promise.resolve() }
  const clock = new SimulatedClock(() => bed.settle())
  const store = openStore('memory:', { clock })
  let crashes = 0
  let zombies = 0
  let ids = 0
  const newId = (prefix: string) => `${prefix}_${String(++ids).padStart(6, '0')}`
  let life: FaultyLog
  let tl: Throughline
  const boot = async () => {
    life = faulty(store, random, () => crashes++)
    const opening = open({
      store: life.log,
      tasks,
      clock,
      logger: silent,
      lingerMs: random.pick([0, 0, 1000]),
      ids: newId,
      random: () => random.next(),
    })
    // One that dies while it opens is never open.
    await Promise.race([opening.then((opened) => (tl = opened)), life.died])
  }
  const turn = () => new Promise(setImmediate)
  bed.settle = async () => {
    for (let quiet = 0, turns = 0; quiet < 3 && turns < 500 && !life.isDead(); turns++) {
      await turn()
      quiet = life.inFlight() > 0 || tl.load.busy > 0 ? 0 : quiet + 1
    }
  }
  const reborn = async () => {
    const dead = life
    clock.forget()
    await boot()
    for (let i = random.between(0, 8); i > 0; i--) await turn()
    const { refused } = await dead.haunt()
    zombies += refused
  }
  await boot()
  life!.mood = 'lucky'
  const { id } = await tl!.start('main', { scenario: what, chapter: 0 })
  life!.mood = 'unlucky'
  const cancels = random.chance(0.15)
  const unsent = new Set([...what.chapters.flatMap(messages)])
  const sent = new Set<string>()
  const wantsCancel = cancels ? random.between(1, 30) : -1
  let inDoubt = 0
  let status = 'queued'
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (life!.isDead()) await reborn()
    if (round === 120) life!.mood = 'lucky'
    if (round > 120) life!.mood = 'lucky'
    const [row] = await store.select('runs', { where: { run: id } })
    status = String(row?.['status'])
    const open = await store.select('runs', { where: { ended_at: null } })
    if (open.length === 0) break
    await mishap()
    await attend(open.map((one) => String(one['run'])))
    if (round === wantsCancel && row?.['ended_at'] === null)
      await quietly(async () => (await handle(id)).cancel('simulated'))
    await clock.advance(random.pick([0, 10, 60_000, 3_600_000, 5 * 3_600_000]))
    for (let i = random.between(0, 5); i > 0; i--) await turn()
  }

  function handle(run: string): Promise<RunHandle> {
    return tl.run(run)
  }

  async function mishap(): Promise<void> {
    if (life.mood === 'lucky') return
    if (random.chance(0.05)) {
      crashes++
      life.die()
      await reborn()
    }
    if (random.chance(0.05)) clock.jump(clock.now() + random.between(-3_600_000, 3_600_000))
    if (random.chance(0.1))
      for (const { run } of await store.select('runs', { where: { ended_at: null }, columns: ['run'] }))
        await quietly(async () => (await handle(String(run))).resume())
  }

  /** What people do: answer waits (before, while and long after they are asked), settle what is in doubt. */
  async function attend(runs: readonly string[]): Promise<void> {
    for (const run of runs) {
      if (life.isDead()) return
      const info = await answered(async () => (await handle(run)).info())
      for (const one of info?.waiting ?? []) {
        if (one.kind === 'in_doubt' && random.chance(0.7)) {
          inDoubt++
          const step = one.name.split(' › ').at(-1) ?? one.name
          await quietly(async () =>
            (await handle(run)).resolve(
              one.name,
              world.has(step) ? { done: true, value: step } : { done: false },
            ),
          )
        }
        if (one.kind === 'wait' && run !== id && one.due === undefined) await tell(run, one.name)
      }
    }
    for (const name of unsent) if (random.chance(0.3)) await tell(id, name)
  }

  async function tell(run: string, name: string): Promise<void> {
    if (life.isDead()) return
    if (run === id) unsent.delete(name)
    sent.add(`${run} ${name}`)
    const payload = `message ${name}`
    const send = () => quietly(async () => (await handle(run)).signal(name, payload, { id: `m ${name}` }))
    if (!(await send()) && run === id) unsent.add(name)
    if (random.chance(0.2)) await send()
  }

  async function quietly(request: () => Promise<unknown>): Promise<boolean> {
    return (await answered(() => request().then(() => true))) ?? false
  }

  /** A request that a dying process never answers is as good as refused. */
  async function answered<T>(request: () => Promise<T>): Promise<T | undefined> {
    const gaveUp = (async () => {
      for (let i = 0; i < 400 && !life.isDead(); i++) await turn()
      return undefined
    })()
    return Promise.race([request().catch(() => undefined), gaveUp])
  }

  const faults = [
    ...world.faults,
    ...(await checkRecord(store, {
      id,
      scenario: what,
      world,
      cancels,
      status,
      expected: expected(what.chapters.at(-1) ?? []),
    })),
  ]
  const trace = wantsTrace ? await traceOf(store, what) : []
  life!.die()
  clock.forget()
  await store.close()
  return { faults, crashes, inDoubt, zombies, status, trace }
}

/** The program, and every event in the order of the store. */
async function traceOf(store: Log, what: Scenario): Promise<string[]> {
  const events: StoredEvent[] = []
  for (const head of await store.heads({ limit: 10_000 }))
    for await (const page of store.read(head.stream)) events.push(...page)
  events.sort((a, b) => a.position - b.position)
  return [
    JSON.stringify(what),
    ...events.map((e) =>
      `${e.position} ${e.stream} ${e.seq} ${e.kind} ${e.name ?? ''} ${e.body ?? ''}`.slice(0, 220),
    ),
  ]
}
