/**
 * A process of the simulation: an engine over a log that can fail it, a clock of its own to be forgotten with it, and turns that
 * end when it does.
 */
import type { Change, Clock, Committed, Log } from 'throughline'
import { StoreUnavailable } from 'throughline'
import { reroute, type Way } from 'throughline/testing'
import type { Sharing } from '../../../src/app/sharing.ts'
import type { Host as Called } from '../../restate/simulated/link.ts'
import { tablesOn } from './board.ts'
import type { Host } from './bodies.ts'
import type { Hub } from './hub.ts'

export type State = 'running' | 'stopped' | 'dead'

/** What becomes of the next commits of a process. */
export interface Fate {
  /** How many commits succeed before misfortune strikes. */
  readonly commits: number
  readonly how:
    | 'dies before'
    | 'dies after'
    | 'is stopped'
    | 'is stopped after'
    | 'is cut off'
    | 'is cut off after'
    | 'closes'
    | 'nothing'
}

interface Waiter {
  left: number
  readonly resolve: () => void
}

/** In place of a number of commits left: the process dies once this one is handed over. */
const AFTER_THIS = Number.NEGATIVE_INFINITY

const never = () => new Promise<never>(() => {})
const cutOff = () => new StoreUnavailable('store_busy', 'the simulated network', undefined)

export class Process implements Host, Called {
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  state: State = 'running'
  /** Commits handed to the store and not answered. */
  inFlight = 0
  /** Effects under way, by idempotency key. */
  readonly effects = new Set<string>()
  /** Its network is cut: it works on, and nothing of it comes through. */
  isCut = false
  /** Questions to the store that are not answered. */
  #asked = 0
  /** What it wanted of the store while it was stopped, or cut off. */
  readonly #held: (() => void)[] = []
  readonly #heldCommits: (() => void)[] = []
  /** For so many turns its commits do not get through yet: who writes finds out first what became of the last ones. */
  #lag = 0
  readonly #waiters = new Set<Waiter>()
  readonly #hub: Hub
  readonly #heard = new Set<(isOurs: boolean) => void>()
  #left: number
  /** As the tables know it. */
  #worker: string | undefined

  constructor(name: string, hub: Hub, fate: Fate) {
    this.name = name
    this.#hub = hub
    this.fate = fate
    this.#left = fate.commits
    this.clock = { now: () => hub.clock.now, at: (at, fire) => hub.clock.at(this, at, fire) }
    this.log = this.#wrap(hub.store)
  }

  readonly fate: Fate

  get isDead(): boolean {
    return this.state === 'dead'
  }

  get isBusy(): boolean {
    return this.inFlight > 0 || (this.state === 'running' && this.#waiters.size + this.#asked > 0)
  }

  turns(count: number): Promise<void> {
    if (count === 0 && this.state === 'running') return Promise.resolve()
    return new Promise((resolve) => this.#waiters.add({ left: count, resolve }))
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.at(this.clock.now() + ms, resolve))
  }

  /** A turn of the event loop has passed. */
  tick(): void {
    if (this.state !== 'running') return
    if (this.#lag > 0 && --this.#lag === 0) for (const go of this.#heldCommits.splice(0)) go()
    for (const waiter of this.#waiters) {
      if (--waiter.left > 0) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  die(): void {
    this.state = 'dead'
    this.#waiters.clear()
    this.#held.length = 0
    this.#heldCommits.length = 0
    this.#heard.clear()
    this.#hub.clock.forget(this)
    this.#hub.ticks.forget(this)
  }

  stop(): void {
    this.#hub.zombied()
    this.state = 'stopped'
  }

  /** Wakes a stopped process, or heals its network: what it wanted to write is written now, or refused. */
  wake(): void {
    this.state = 'running'
    this.isCut = false
    for (const go of this.#held.splice(0)) go()
    this.#lag = this.#hub.lag()
    if (this.#lag === 0) for (const go of this.#heldCommits.splice(0)) go()
  }

  hear(isOurs: boolean): void {
    if (this.state === 'running' && !this.isCut) for (const heard of this.#heard) heard(isOurs)
  }

  /** Whoever asks to take a run over has its lease: a worker that is not sure of that does not ask. */
  #checkClaim({ appends }: Change): void {
    for (const { stream, expected, events } of appends) {
      if (typeof expected !== 'object' || !('claim' in expected) || events[0]?.kind !== 'run.claimed')
        continue
      const run = stream.split('~')[0] ?? stream
      const { restate } = this.#hub
      if (restate && !restate.isCalled(this, run))
        this.#hub.wrong(`${this.name} asks to take over ${run}, which it is not called for`)
      if (!restate && this.#worker !== undefined && !this.#hub.board?.isOf(this.#worker, run))
        this.#hub.wrong(`${this.name} asks to take over ${run}, which is not leased to it`)
    }
  }

  async #commit(change: Change): Promise<Committed> {
    this.#checkClaim(change)
    if (
      this.state === 'running' &&
      this.#hub.hasMisfortune &&
      this.fate.how !== 'nothing' &&
      this.#left-- === 0
    )
      this.#strike()
    if (!this.isReached || this.#lag > 0)
      await new Promise<void>((resolve) => this.#heldCommits.push(resolve))
    if (this.isDead) return never()
    const isLast = this.#left === AFTER_THIS
    const refusal = isLast ? undefined : this.#hub.refusal()
    if (refusal) throw new StoreUnavailable(refusal, 'the simulated file', undefined)
    this.inFlight++
    const committing = this.#hub.store.commit(change).finally(() => void this.inFlight--)
    if (isLast) this.#strikeAfter()
    try {
      const committed = await committing
      this.#hub.notify(this)
      await this.reached()
      if (!this.isDead) return committed
    } catch (error) {
      await this.reached()
      if (!this.isDead) throw error
    }
    return never()
  }

  #strike(): void {
    this.#hub.say(`${this.name} ${this.fate.how}`)
    this.#hub.struck(this)
    const { how } = this.fate
    if (this.isDead) return
    if (how === 'dies before') this.die()
    else if (how === 'is stopped') this.stop()
    else if (how === 'is cut off') this.isCut = true
    else if (how !== 'closes') this.#left = AFTER_THIS
  }

  /** What was handed over is committed; nobody here hears of it for now, or ever. */
  #strikeAfter(): void {
    this.#left = -1
    if (this.fate.how === 'dies after') this.die()
    else if (this.fate.how === 'is stopped after') this.stop()
    else this.isCut = true
  }

  get isReached(): boolean {
    return this.state !== 'stopped' && !this.isCut
  }

  async reached(): Promise<void> {
    if (this.isDead) await never()
    if (!this.isReached) await new Promise<void>((resolve) => this.#held.push(resolve))
  }

  /** A question may take its time, there and back: what it finds is what was true in between. */
  readonly #ask: Way = async (read) => {
    this.#asked++
    try {
      await this.#travel()
      if (this.#hub.isLost()) throw cutOff()
      const answer = await read()
      await this.#travel()
      return answer
    } finally {
      this.#asked--
    }
  }

  async #travel(): Promise<void> {
    for (let left = this.#hub.delay(); left > 0; left--) await new Promise(setImmediate)
    await this.reached()
    if (this.isDead) await never()
  }

  /** A question to the tables that workers share: like any other, but its answer may be lost as well, and nobody waits for it in order to go on. */
  readonly ask: Way = async (ask) => {
    await this.#travel()
    const lost = this.#hub.loss()
    if (lost === 'question') throw cutOff()
    const answer = await ask()
    if (lost === 'answer') throw cutOff()
    await this.#travel()
    return answer
  }

  #wrap(store: Log): Log {
    const onCommit: Log['onCommit'] = (heard) => {
      this.#heard.add(heard)
      return () => void this.#heard.delete(heard)
    }
    const log = reroute(store, { commit: (change) => this.#commit(change), onCommit, ask: this.#ask })
    const { board, ticks, restate } = this.#hub
    if (!board) return log
    const sharing: Sharing = {
      clock: this.clock,
      ticks: { now: () => ticks.now, after: (ms, fire) => ticks.at(this, ticks.now + ms, fire) },
      tablesFor: (worker) => {
        this.#worker = worker.id
        return tablesOn(board, { ...worker, name: this.name }, this.ask)
      },
      ...(restate ? { restate: restate.routeOf(this) } : {}),
    }
    return new Proxy(log, {
      get: (target, key) => (key === 'sharing' ? sharing : (Reflect.get(target, key) as unknown)),
      has: (target, key) => key === 'sharing' || Reflect.has(target, key),
    })
  }
}
