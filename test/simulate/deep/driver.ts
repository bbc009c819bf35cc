/**
 * Carries one program to its end: turns of the event loop, time, news, people who send messages and settle what is in doubt, and
 * processes that die, stop, and are started again.
 *
 * R1. Everything is drawn from the seed: the same seed gives the same turns.
 * R2. Misfortune ends after a while, so that whatever has not ended then is lost, not unlucky.
 */
import { open, type RunHandle, type Throughline } from 'throughline'
import { tasksOf } from './bodies.ts'
import type { Hub } from './hub.ts'
import { expected, type Expected } from './model.ts'
import { Process, type Fate } from './process.ts'
import { NEVER, type Input, type Program } from './program.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface Plan {
  readonly program: Program
  readonly hub: Hub
  readonly world: World
  readonly random: Random
  /** Of its own, so that ids are the same whatever else is drawn. */
  readonly ids: (prefix: string) => string
  readonly hasMisfortune: boolean
}

interface Known {
  readonly id: string
  readonly expected: Expected
  readonly sent: Map<string, number>
}

const QUIET_TURNS = 4
const MOST_TURNS = 30_000
const MISFORTUNE_TURNS = 1500
const silent = process.env['SIM_LOG']
  ? {
      debug: console.log,
      info: console.log,
      warn: console.log,
      error: (m: string, f: unknown) => console.log(m, f),
    }
  : { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export class Driver {
  readonly #plan: Plan
  readonly #client: Process
  #clientTl: Throughline | undefined
  #running: { readonly process: Process; tl: Throughline | undefined } | undefined
  #stopped: { readonly process: Process; wakeAt: number; dieAt: number } | undefined
  #turn = 0
  #quiet = 0
  #hasPolled = false
  #bootAt = 0
  #booted = 0
  #cancelAt: number
  #forksAt: number
  readonly runs = new Map<string, Known>()
  readonly ids = new Map<string, number>()
  crashes = 0
  zombies = 0
  /** Effects that a person had to settle. */
  doubts = 0
  isCancelled = false
  forkId: string | undefined
  rootId = ''

  constructor(plan: Plan) {
    this.#plan = plan
    this.#client = new Process('client', plan.hub, { commits: 0, how: 'nothing' })
    plan.hub.processes.push(this.#client)
    plan.hub.struck = (process) => this.#struck(process)
    this.#cancelAt = plan.hasMisfortune && plan.random.chance(0.12) ? plan.random.between(1, 200) : Infinity
    this.#forksAt = plan.random.chance(0.1) ? 1 : Infinity
    plan.hub.hasMisfortune = plan.hasMisfortune
  }

  /** Resolves when every run has ended, or with what is stuck. */
  async drive(): Promise<void> {
    const { world, random, hub } = this.#plan
    this.#clientTl = await this.#open(this.#client, false)
    if (random.chance(0.7)) await this.#boot()
    const root: Input = { where: '0', chapter: 1 }
    const client = this.#clientTl
    await this.#quietly(async () => (this.rootId = (await client.start('t0', root as never)).id))
    for (this.#turn = 1; this.#turn < MOST_TURNS; this.#turn++) {
      await new Promise(setImmediate)
      hub.tick()
      if (this.#turn === MISFORTUNE_TURNS) hub.hasMisfortune = false
      await this.#meddle()
      if (hub.isBusy) {
        this.#quiet = 0
        this.#hasPolled = false
      } else if (++this.#quiet >= QUIET_TURNS && (await this.#goOn())) return
    }
    world.wrong(
      `after ${MOST_TURNS} turns some have not ended: ${this.#unended()
        .map((row) => `${String(row['run'])} ${String(row['status'])} ${String(row['waiting'])}`)
        .join('; ')}`,
    )
  }

  #unended() {
    const where = { ended_at: null, status: { in: ['queued', 'running', 'waiting'] } }
    return this.#plan.hub.store.select('runs', { where, columns: ['run', 'status', 'waiting', 'wake_at'] })
  }

  /** What happens whether or not anybody waits for it. */
  async #meddle(): Promise<void> {
    const { hub, random } = this.#plan
    if (
      !this.#running &&
      this.#turn >= this.#bootAt &&
      !hub.processes.some((one) => one.isDead && one.inFlight > 0)
    )
      await this.#boot()
    this.#haunt()
    if (this.#turn === this.#cancelAt) await this.#cancel('cancelled at a random moment')
    if (!hub.hasMisfortune) return
    if (random.chance(0.01))
      await this.#send(random.pick([this.rootId, ...this.#unended().map((row) => String(row['run']))]))
    if (random.chance(0.002)) await this.#junk()
    if (random.chance(0.002)) {
      hub.clock.now += random.pick([-3_600_000, -5000, -1, 1, 5000, 3_600_000])
      hub.say(`the clock jumps to ${hub.clock.now}`)
      this.#stirred()
    }
  }

  /** A stopped process wakes when others have taken its runs, does what it still can, and dies; so does its successor. */
  #haunt(): void {
    const zombie = this.#stopped
    if (!zombie) return
    if (this.#turn >= zombie.wakeAt && zombie.process.state === 'stopped') {
      this.#plan.hub.say(`${zombie.process.name} wakes`)
      zombie.process.wake()
    }
    if (this.#turn < zombie.dieAt) return
    this.#stopped = undefined
    this.#kill(zombie.process)
    // What it took back while it haunted is nobody's now: whoever starts next looks for it.
    if (this.#running) this.#kill(this.#running.process)
  }

  #kill(process: Process): void {
    this.#plan.hub.say(`${process.name} dies`)
    this.#stirred()
    process.die()
    if (this.#running?.process === process) this.#running = undefined
    this.#bootAt = this.#turn + this.#plan.random.between(0, 10)
  }

  /** Something is under way that nothing shows yet. */
  #stirred(): void {
    this.#quiet = 0
    this.#hasPolled = false
  }

  #struck(process: Process): void {
    const { random, hub } = this.#plan
    if (process !== this.#running?.process) return
    this.crashes++
    this.#bootAt = this.#turn + random.between(0, 10)
    if (process.fate.how === 'is stopped') {
      if (this.#stopped) return process.die()
      this.zombies++
      const wakeAt = this.#turn + random.between(5, 120)
      this.#stopped = { process, wakeAt, dieAt: wakeAt + random.between(0, 60) }
    } else if (process.fate.how === 'closes') {
      const { tl } = this.#running
      this.#stirred()
      void tl?.close().then(() => {
        hub.say(`${process.name} closed`)
        process.die()
      })
      // One that cannot end what it has under way is killed in the end.
      this.#bootAt = this.#turn + 60
    }
    const old = this.#running.process
    this.#running = undefined
    if (process.fate.how === 'closes') this.#closing = old
  }

  #closing: Process | undefined

  async #boot(): Promise<void> {
    const { hub, random, hasMisfortune } = this.#plan
    this.#closing?.die()
    this.#closing = undefined
    const how = random.pick([
      'dies before',
      'dies after',
      'dies before',
      'dies after',
      'is stopped',
      'closes',
    ] as const)
    const fate: Fate =
      hasMisfortune && this.#booted < 6
        ? { commits: random.between(0, random.pick([5, 20, 60])), how }
        : { commits: 0, how: 'nothing' }
    const process = new Process(`process ${++this.#booted}`, hub, fate)
    hub.processes.push(process)
    this.#stirred()
    hub.say(`${process.name} starts`)
    const running = { process, tl: undefined as Throughline | undefined }
    this.#running = running // before it opens: misfortune may strike it there
    running.tl = await this.#open(process, true)
    this.#stirred()
  }

  #open(process: Process, isWorker: boolean): Promise<Throughline> {
    const { program, world, ids, random } = this.#plan
    const hasMisfortune = this.#plan.hub.hasMisfortune
    return open({
      store: process.log,
      clock: process.clock,
      tasks: tasksOf(program, world, process),
      ids,
      random: () => random.next(),
      logger: silent,
      worker: isWorker,
      lingerMs: hasMisfortune ? random.pick([0, 0, 1, 1000]) : 1000,
      concurrency: hasMisfortune ? random.pick([1, 2, 256]) : 256,
    })
  }

  /** Nothing goes on by itself: somebody does something, or time passes. Whether all is over. */
  async #goOn(): Promise<boolean> {
    const { hub, random, world } = this.#plan
    if (this.#stopped || !this.#running) {
      // The next turns bring it.
      if (this.#stopped && this.#turn < this.#stopped.wakeAt && random.chance(0.5)) return false
      if (!this.#running) return false
    }
    const unended = this.#unended()
    if (unended.length === 0 && !this.#stopped) {
      if (await this.#forks()) return false
      return true
    }
    this.#quiet = 0
    if (!this.#hasPolled) {
      this.#hasPolled = true
      hub.poll()
      return false
    }
    const actions: (() => Promise<boolean> | boolean)[] = [
      () => this.#passTime(),
      () => this.#passTime(),
      () => this.#settleDoubts(unended),
    ]
    for (const row of unended) actions.push(() => this.#send(String(row['run'])))
    while (actions.length > 0) {
      const [action] = actions.splice(random.between(0, actions.length - 1), 1)
      if (await action?.()) {
        this.#hasPolled = false
        return false
      }
    }
    if (await this.#cancel('nothing else would end it')) return false
    if (this.#stopped) return false
    world.wrong(
      `stuck at ${hub.clock.now} (${hub.processes.map((one) => `${one.name} ${one.state}`).join(', ')}; busy ${this.#running?.tl?.load.busy}, resident ${this.#running?.tl?.load.residents}): ${unended.map((row) => `${String(row['run'])} is ${String(row['status'])}, wakes at ${String(row['wake_at'])}, waits for ${String(row['waiting'])}`).join('; ')}`,
    )
    return true
  }

  #passTime(): boolean {
    const { hub } = this.#plan
    const next = hub.clock.next()
    if (next === undefined) return false
    hub.clock.now = Math.max(hub.clock.now, next)
    hub.clock.fireDue()
    return true
  }

  /** Sends a message the run will wait for, if one is left. */
  async #send(run: string): Promise<boolean> {
    const { random, hub } = this.#plan
    const known = await this.#known(run)
    if (!known) return false
    const open = [...known.expected.messages].filter(
      ([name, payloads]) => (known.sent.get(name) ?? 0) < payloads.length,
    )
    if (open.length === 0) return false
    const [name, payloads] = random.pick(open)
    const which = known.sent.get(name) ?? 0
    known.sent.set(name, which + 1)
    const handle = await this.#handle(run)
    if (!handle) return true
    const id = `${name}#${which + 1}`
    hub.say(`"${id}" is sent to ${run}`)
    for (let times = random.chance(0.15) ? 2 : 1; times > 0; times--)
      await this.#quietly(() => handle.signal(name, payloads[which], { id }))
    return true
  }

  /** What nobody waits for, or not like this. */
  async #junk(): Promise<void> {
    const { random } = this.#plan
    const known = await this.#known(this.rootId)
    const handle = await this.#handle(this.rootId)
    if (handle) await this.#quietly(() => handle.signal(`junk ${random.between(1, 9)}`, 'junk'))
    void known
  }

  async #settleDoubts(unended: ReturnType<Driver['unendedRows']>): Promise<boolean> {
    const { world, hub } = this.#plan
    if (this.#stopped) return false
    for (const row of unended) {
      const waits = JSON.parse(String(row['waiting'] ?? '[]')) as { kind: string; name: string }[]
      for (const { kind, name } of waits) {
        if (kind !== 'in_doubt') continue
        const run = String(row['run'])
        const handle = await this.#handle(run)
        const step = await doubted(handle, name)
        if (!handle || !step) continue
        const done = world.done.get(step.idempotencyKey)
        this.doubts++
        hub.say(`a person settles ${run} ${step.key}: ${done ? 'it was done' : 'it was not'}`)
        await this.#quietly(() =>
          handle.resolve(step.key, done ? { done: true, value: done.mark } : { done: false }),
        )
        return true
      }
    }
    return false
  }

  unendedRows() {
    return this.#unended()
  }

  async #cancel(reason: string): Promise<boolean> {
    const held = reason.startsWith('nothing')
    const known = await this.#known(this.rootId)
    if (held && (this.isCancelled || known?.expected.status !== 'held')) return this.#cancelFork(reason)
    const handle = await this.#handle(this.rootId)
    if (!handle || (await handle.status()) === 'done' || (await handle.status()) === 'failed') return false
    this.isCancelled = true
    this.#stirred()
    this.#plan.hub.say(`${this.rootId} is cancelled: ${reason}`)
    await this.#quietly(() => handle.cancel(reason))
    return true
  }

  #cancelFork(_reason: string): boolean {
    return false
  }

  /** Once everything is over: again, from a step in the middle. */
  async #forks(): Promise<boolean> {
    if (this.#forksAt === Infinity || this.forkId !== undefined) return false
    const handle = await this.#handle(this.rootId)
    if (!handle || (await handle.status()) !== 'done') return false
    const [row] = this.#plan.hub.store.select('runs', { where: { run: this.rootId } })
    const outcomes: number[] = []
    for await (const page of this.#plan.hub.store.read(String(row?.['stream'])))
      for (const event of page) if (event.kind === 'step.completed') outcomes.push(event.seq)
    if (outcomes.length === 0) return false
    const at = this.#plan.random.pick(outcomes)
    await this.#quietly(async () => (this.forkId = (await handle.fork({ at })).id))
    this.#plan.hub.say(`${this.rootId} is forked at ${at} as ${this.forkId}`)
    this.#stirred()
    return true
  }

  async #handle(run: string): Promise<RunHandle | undefined> {
    try {
      return await this.#clientTl?.run(run)
    } catch {
      return undefined
    }
  }

  /** A request to a busy store is made again; one to a run that has ended is left. */
  async #quietly(request: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      try {
        return void (await request())
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'run_ended' || code === 'not_in_doubt') return
        if (code !== 'store_busy' && code !== 'store_full') throw error
      }
    }
  }

  /** What a run is to come to, from what it was started with. */
  async #known(run: string): Promise<Known | undefined> {
    const before = this.runs.get(run)
    if (before) return before
    const [row] = this.#plan.hub.store.select('runs', { where: { run } })
    if (!row) return undefined
    const known: Known = {
      id: run,
      expected: expected(
        this.#plan.program,
        Number(String(row['task']).slice(1)),
        await inputOf(this.#plan.hub, run),
      ),
      sent: new Map(),
    }
    // A fork's copied history has answers already.
    for await (const page of this.#plan.hub.store.read(run))
      for (const event of page)
        if (run === this.forkId && event.kind === 'wait.answered') {
          const message = String((JSON.parse(event.body ?? '{}') as { message: string }).message)
          const name = message.slice(0, message.lastIndexOf('#'))
          known.sent.set(name, (known.sent.get(name) ?? 0) + 1)
        }
    this.runs.set(run, known)
    return known
  }
}

async function inputOf(hub: Hub, run: string): Promise<Input> {
  for await (const [first] of hub.store.read(run)) {
    if (first) return { ...(JSON.parse(first.body ?? '{}') as { input: Input }).input, chapter: 1 }
  }
  throw new Error(`${run} has no first event.`)
}

/** The operation in doubt under a name, and its idempotency key, as a person finds them with the run. */
async function doubted(handle: RunHandle | undefined, path: string) {
  if (!handle) return undefined
  const open = new Map<string, string>() // and the chapter each is of
  for await (const event of handle.history()) {
    if (event.name !== path) continue
    const key = `${event.name}#${event.ordinal ?? 1}`
    if (event.kind === 'step.in_doubt') open.set(key, event.stream)
    else if (event.kind === 'step.completed' || event.kind === 'step.failed' || event.kind === 'step.cleared')
      open.delete(key)
  }
  const [first] = open
  return first && { key: first[0], idempotencyKey: idempotencyKeyOf(first[1], first[0]) }
}

import { hash } from 'node:crypto'
function idempotencyKeyOf(run: string, key: string): string {
  return hash('sha256', `${run}\0${key}`, 'base64url').slice(0, 32)
}
