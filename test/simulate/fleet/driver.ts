/**
 * Carries one program to its end: turns of the event loop, time, news, people, and processes that die, stop, close and are started
 * again.
 *
 * R1. Everything is drawn from the seed: the same seed gives the same turns.
 * R2. Misfortune ends after a while: what has not ended then is lost, not unlucky.
 * R3. Time passes, and people act, when nothing goes on by itself; they also act in between, at random.
 */
import { open, type Throughline } from 'throughline'
import { tasksOf } from './bodies.ts'
import type { Hub } from './hub.ts'
import { handedTo, People } from './people.ts'
import { Process, type Fate } from './process.ts'
import type { Program } from './program.ts'
import type { Random } from '../../random.ts'
import type { World } from './world.ts'

export interface Plan {
  readonly program: Program
  readonly hub: Hub
  readonly world: World
  readonly random: Random
  readonly ids: (prefix: string) => string
  readonly hasMisfortune: boolean
  /** How many processes carry runs beside each other. One carries them all, where no tables are shared. */
  readonly workers: number
}

interface Running {
  readonly process: Process
  tl: Throughline | undefined
}

const QUIET_TURNS = 4
const MOST_TURNS = 30_000
const MISFORTUNE_TURNS = 1500
const MOST_MISFORTUNES = 6
const MOST_TURNS_TO_CLOSE = 60
/** So often in a row may time pass, and nothing come of it but heartbeats. */
const MOST_IDLE = 600
/** So long may nothing come onto the record, and somebody still find what is due. */
const MOST_STILL_MS = 300_000
const HOUR_MS = 3_600_000
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export class Driver {
  crashes = 0
  zombies = 0
  readonly #plan: Plan
  #people: People | undefined
  #crew: Running[] = []
  #closing: { readonly process: Process; readonly until: number } | undefined
  #stopped: { readonly running: Running; readonly wakeAt: number; readonly dieAt: number } | undefined
  #turn = 0
  #quiet = 0
  #hasPolled = false
  #bootAt = 0
  #booted = 0
  #idle = 0
  /** The newest event, and when there was none newer yet. */
  #news = { position: 0, at: 0 }
  readonly #cancelAt: number
  readonly #isForked: boolean

  constructor(plan: Plan) {
    const { random, hub, hasMisfortune } = plan
    this.#plan = plan
    this.#cancelAt = hasMisfortune && random.chance(0.12) ? random.between(1, 200) : Infinity
    this.#isForked = random.chance(0.1)
    hub.struck = (process) => this.#struck(process)
    hub.hasMisfortune = hasMisfortune
  }

  get people(): People {
    if (!this.#people) throw new Error('The simulation has not begun.')
    return this.#people
  }

  /** Resolves when every run has ended; what is stuck is noted as wrong. */
  async drive(): Promise<void> {
    const { hub, random, world } = this.#plan
    const process = new Process('client', hub, { commits: 0, how: 'nothing' })
    hub.processes.push(process)
    this.#people = new People({ ...this.#plan, client: await this.#open(process, false) })
    for (let left = this.#plan.workers; left > 0; left--) if (random.chance(0.7)) this.#boot()
    await this.people.start()
    for (this.#turn = 1; this.#turn < MOST_TURNS; this.#turn++) {
      await new Promise(setImmediate)
      hub.tick()
      if (this.#turn === MISFORTUNE_TURNS) hub.hasMisfortune = false
      await this.#meddle()
      if (hub.isBusy || this.#crew.some(({ tl }) => !tl)) this.#busied()
      else if (++this.#quiet >= QUIET_TURNS && (await this.#goOn())) return
    }
    world.wrong(`after ${MOST_TURNS} turns some have not ended: ${await this.#stuck()}`)
  }

  async #stuck(): Promise<string> {
    return (await this.people.unended())
      .map(
        (row) =>
          `${String(row['run'])} is ${String(row['status'])}, wakes at ${String(row['wake_at'])}, waits for ${String(row['waiting'])}`,
      )
      .join('; ')
  }

  /** One process carries all runs: another begins when it is gone. */
  get #isAlone(): boolean {
    return this.#plan.hub.board === undefined
  }

  /** What happens whether or not anything else does. */
  async #meddle(): Promise<void> {
    const { hub, random } = this.#plan
    const isWriting = this.#isAlone && hub.processes.some((one) => one.isDead && one.inFlight > 0)
    if (this.#crew.length < this.#plan.workers && this.#turn >= this.#bootAt && !isWriting) this.#boot()
    if (!this.#isAlone && this.#closing && this.#turn >= this.#closing.until) this.#endClosing()
    this.#haunt()
    if (this.#turn === this.#cancelAt) {
      await this.people.cancel('at a random moment')
      this.#stirred()
    }
    if (!hub.hasMisfortune) return
    if (random.chance(0.01)) {
      const runs = (await this.people.unended()).map((row) => String(row['run']))
      await this.people.send(random.pick([this.people.rootId, ...runs]))
      this.#stirred()
    }
    if (random.chance(0.002)) {
      await this.people.sendJunk()
      this.#stirred()
    }
    if (random.chance(0.002)) {
      const [newest] = hub.restate ? await hub.store.eventsAt([await hub.store.position()]) : []
      // Behind Restate the store is a database, whose clock is never taken to be before what is on the record.
      hub.clock.now = Math.max(
        newest?.at ?? 0,
        hub.clock.now + random.pick([-HOUR_MS, -5000, -1, 1, 5000, HOUR_MS]),
      )
      hub.say(`the clock jumps to ${hub.clock.now}`)
      this.#stirred()
    }
  }

  /** A stopped process wakes when another has its runs, does what it still can, and dies; among several it may live on as one of them. */
  #haunt(): void {
    const zombie = this.#stopped
    if (!zombie) return
    const { running, wakeAt, dieAt } = zombie
    const { process } = running
    if (this.#turn >= wakeAt && (process.state === 'stopped' || process.isCut)) {
      this.#plan.hub.say(`${process.name} wakes`)
      process.wake()
    }
    if (this.#turn < dieAt) return
    this.#stopped = undefined
    if (!this.#isAlone && this.#plan.random.chance(0.5)) return void this.#crew.push(running)
    this.#kill(process)
    // What it took back while it haunted is nobody's now, and only one that starts looks for that.
    if (this.#isAlone && this.#crew[0]) this.#kill(this.#crew[0].process)
  }

  #kill(process: Process): void {
    this.#plan.hub.say(`${process.name} dies`)
    this.#stirred()
    process.die()
    this.#crew = this.#crew.filter((one) => one.process !== process)
    this.#bootAt = this.#turn + this.#plan.random.between(0, 10)
  }

  /** Something is under way that nothing shows yet. */
  #stirred(): void {
    this.#quiet = 0
    this.#idle = 0
    this.#hasPolled = false
  }

  /** Something goes on. Behind Restate workers look at the store now and then: that alone brings nothing new about. */
  #busied(): void {
    if (this.#plan.hub.restate) this.#quiet = 0
    else this.#stirred()
  }

  #struck(process: Process): void {
    const { random } = this.#plan
    const running = this.#crew.find((one) => one.process === process)
    if (!running) return
    this.#crew = this.#crew.filter((one) => one !== running)
    this.crashes++
    this.#bootAt = this.#turn + random.between(0, 10)
    const { how } = process.fate
    if (how === 'closes') this.#close(process, running.tl)
    else if (how.startsWith('is ')) {
      if (this.#stopped) return process.die()
      this.zombies++
      // Long enough to lose its leases, or not quite.
      const wakeAt = this.#turn + random.between(5, this.#isAlone ? 120 : 400)
      this.#stopped = { running, wakeAt, dieAt: wakeAt + random.between(0, 60) }
    }
  }

  /** One that cannot finish what it has under way is killed in the end. */
  #close(process: Process, tl: Throughline | undefined): void {
    this.#endClosing()
    const until = this.#turn + MOST_TURNS_TO_CLOSE
    this.#closing = { process, until }
    if (this.#isAlone) this.#bootAt = until
    this.#stirred()
    void tl?.close().then(() => {
      this.#plan.hub.say(`${process.name} closed`)
      process.die()
    })
  }

  #endClosing(): void {
    this.#closing?.process.die()
    this.#closing = undefined
  }

  #boot(): void {
    const { hub } = this.#plan
    if (this.#isAlone) this.#endClosing()
    const process = new Process(`process ${++this.#booted}`, hub, this.#fate())
    hub.processes.push(process)
    hub.say(`${process.name} starts`)
    const running: Running = { process, tl: undefined }
    this.#crew.push(running)
    // Not waited for: misfortune may strike it while it opens.
    void this.#open(process, true).then((tl) => {
      running.tl = tl
      this.#stirred()
    })
  }

  #fate(): Fate {
    const { random, hasMisfortune } = this.#plan
    const how = random.pick([
      'dies before',
      'dies after',
      'dies before',
      'dies after',
      'is stopped',
      'closes',
      ...(this.#isAlone
        ? []
        : (['is stopped after', 'is stopped after', 'is cut off', 'is cut off after'] as const)),
    ] as const)
    if (!hasMisfortune || this.#booted > MOST_MISFORTUNES * this.#plan.workers)
      return { commits: 0, how: 'nothing' }
    return { commits: random.between(0, random.pick([5, 20, 60])), how }
  }

  #open(process: Process, isWorker: boolean): Promise<Throughline> {
    const { program, world, ids, random, hub } = this.#plan
    return open({
      store: process.log,
      clock: process.clock,
      tasks: tasksOf(program, world, process),
      ids,
      random: () => random.next(),
      logger: silent,
      worker: isWorker,
      lingerMs: hub.hasMisfortune ? random.pick([0, 0, 1, 1000]) : 1000,
      concurrency: hub.hasMisfortune ? random.pick([1, 2, 256]) : 256,
    })
  }

  /** Nothing goes on by itself: somebody does something, or time passes. True when all is over. */
  async #goOn(): Promise<boolean> {
    const { hub, world } = this.#plan
    if (this.#crew.length === 0) return false // the next turns start one
    if (this.#stopped && this.#plan.random.chance(0.5)) return false
    if ((await this.people.unended()).length === 0) return !this.#stopped && !(await this.#forked())
    this.#quiet = 0
    if (!this.#hasPolled) {
      this.#hasPolled = true
      hub.poll()
      return false
    }
    if ((await this.#actAtRandom()) || (await this.people.cancelHeld())) this.#stirred()
    else if (!this.#isAlone && !(await this.#isStill())) hub.wait()
    else if (!this.#stopped) {
      world.wrong(`stuck at ${hub.clock.now}: ${await this.#stuck()}`)
      return true
    }
    return false
  }

  /** Nothing comes of waiting. */
  async #isStill(): Promise<boolean> {
    const { restate, store, ticks } = this.#plan.hub
    if (!restate) return this.#idle++ >= MOST_IDLE
    const position = await store.position()
    if (position !== this.#news.position) {
      this.#news = { position, at: ticks.now }
      this.#hasPolled = false
    }
    return ticks.now - this.#news.at > MOST_STILL_MS
  }

  async #forked(): Promise<boolean> {
    if (!this.#isForked || !(await this.people.fork())) return false
    this.#stirred()
    return true
  }

  async #actAtRandom(): Promise<boolean> {
    const { random } = this.#plan
    const unended = await this.people.unended()
    const passTime = () => this.#passTime(unended.map((row) => Number(row['wake_at'] ?? Infinity)))
    const actions: (() => Promise<boolean> | boolean)[] = [passTime, passTime]
    // While a stopped process may still act, nobody can say what was not done.
    if (!this.#stopped || !this.#isAlone) actions.push(() => this.people.settleDoubt())
    for (const row of unended) {
      actions.push(() => this.people.send(String(row['run'])))
      if (handedTo(row) !== undefined) actions.push(() => this.people.takeOver(row))
    }
    while (actions.length > 0) {
      const [action] = actions.splice(random.between(0, actions.length - 1), 1)
      if (await action?.()) return true
    }
    return false
  }

  /** To the next timer; what Restate has lost has none, and is found once it is due. */
  #passTime(wakes: readonly number[]): boolean {
    const { clock, restate } = this.#plan.hub
    const toCome = restate ? wakes.filter((at) => at > clock.now) : []
    const next = Math.min(clock.next() ?? Infinity, ...toCome)
    if (next === Infinity) return false
    clock.now = Math.max(clock.now, next)
    clock.fireDue()
    return true
  }
}
