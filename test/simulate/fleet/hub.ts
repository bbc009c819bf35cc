/** What the processes of a simulation share: one store, one clock that any of them may read, and the news of commits between them. */
import type { Log } from 'throughline'
import type { SimulatedRestate } from '../../restate/simulated/restate.ts'
import type { Board } from './board.ts'
import type { Process, State } from './process.ts'
import type { Random } from '../../random.ts'

/** Whose timers fire while it runs. */
export interface Owner {
  readonly isDead: boolean
  readonly state: State
}

interface Timer {
  readonly owner: Owner
  readonly at: number
  readonly fire: () => void
}

/** Time that moves when the driver says so; each timer goes with its process. */
export class SharedClock {
  now = Date.UTC(2026, 0, 1)
  readonly #timers = new Set<Timer>()

  at(owner: Owner, at: number, fire: () => void): () => void {
    const timer = { owner, at, fire }
    if (!owner.isDead) this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  forget(owner: Owner): void {
    for (const timer of this.#timers) if (timer.owner === owner) this.#timers.delete(timer)
  }

  /** Fires what is due by now; whether there was any. */
  fireDue(): boolean {
    const due = [...this.#timers]
      .filter((timer) => timer.at <= this.now && timer.owner.state === 'running')
      .sort((a, b) => a.at - b.at)
    for (const timer of due) if (this.#timers.delete(timer)) timer.fire()
    return due.length > 0
  }

  /** When the next timer of a running process is due. */
  next(): number | undefined {
    let next: number | undefined
    for (const { at, owner } of this.#timers)
      if (owner.state === 'running' && (next === undefined || at < next)) next = at
    return next
  }
}

export interface HubOptions {
  readonly store: Log
  readonly clock: SharedClock
  readonly random: Random
  /** How often a commit finds the store busy or full. */
  readonly refusals: number
  /** How many turns a question to the store takes at most, on its way there and again on its way back. */
  readonly distance: number
  /** How often a question finds the connection lost. */
  readonly losses: number
  /** How often the news of a commit is delayed, doubled, or lost. */
  readonly badNews: number
  readonly hasTrace: boolean
  /** Of several workers: who carries what. */
  readonly board?: Board
}

/** How much time passes a turn, for what goes by no clock: heartbeats, and how long a lease lasts. */
const TURN_MS = 25
/** What goes on whatever becomes of the processes. */
export const nature: Owner = { isDead: false, state: 'running' }

export class Hub {
  readonly store: Log
  readonly clock: SharedClock
  readonly board: Board | undefined
  /** Time as it passes; the clock may jump. */
  readonly ticks: SharedClock
  readonly processes: Process[] = []
  /** Off for the reference, and towards the end, so that every program comes to one. */
  hasMisfortune = true
  readonly trace: string[] = []
  /** Says who carries what, instead of the board. */
  restate: SimulatedRestate | undefined
  /** What befalls it at this turn. */
  meddle: () => void = () => {}
  struck: (process: Process) => void = () => {}
  zombied: () => void = () => {}
  wrong: (what: string) => void = () => {}
  readonly #options: HubOptions
  readonly #news: { left: number; readonly to: Process }[] = []

  constructor(options: HubOptions) {
    this.store = options.store
    this.clock = options.clock
    this.board = options.board
    this.ticks = options.board?.ticks ?? new SharedClock()
    this.#options = options
  }

  say(what: string): void {
    if (this.#options.hasTrace) this.trace.push(`          -- ${what}`)
  }

  refusal(): 'store_busy' | 'store_full' | undefined {
    const { random, refusals } = this.#options
    if (!this.hasMisfortune || !random.chance(refusals)) return undefined
    return random.pick(['store_busy', 'store_full'])
  }

  /** How long a question to the store, or its answer, is on its way. */
  delay(): number {
    const { random, distance } = this.#options
    return this.hasMisfortune && distance > 0 ? random.between(0, distance) : 0
  }

  /** Whether a question never reaches the store, and whoever asked is told so. */
  isLost(): boolean {
    const { random, losses } = this.#options
    return this.hasMisfortune && losses > 0 && random.chance(losses)
  }

  /** How many turns longer commits are held up than all else, where a network healed or a process woke. */
  lag(): number {
    const { random } = this.#options
    return this.board && random.chance(0.5) ? random.between(1, 300) : 0
  }

  /** What of a question never reaches whom it is for. */
  loss(): 'question' | 'answer' | undefined {
    return this.isLost() ? this.#options.random.pick(['question', 'answer']) : undefined
  }

  /** One process committed: it knows at once, the others hear of it. */
  notify(from: Process): void {
    const { random, badNews } = this.#options
    from.hear(true)
    for (const to of this.processes) {
      if (to === from || to.isDead) continue
      const luck =
        this.hasMisfortune && random.chance(badNews)
          ? random.pick(['late', 'twice', 'lost'] as const)
          : 'good'
      if (luck === 'lost') continue
      this.#news.push({ left: luck === 'late' ? random.between(1, 30) : 1, to })
      if (luck === 'twice') this.#news.push({ left: random.between(1, 30), to })
    }
  }

  tick(): void {
    for (let i = this.#news.length - 1; i >= 0; i--) {
      const one = this.#news[i]
      if (!one || --one.left > 0) continue
      this.#news.splice(i, 1)
      one.to.hear(false)
    }
    for (const process of this.processes) process.tick()
    this.clock.fireDue()
    if (!this.board) return
    this.meddle()
    this.#pass(TURN_MS)
  }

  /** Nobody has anything to do: time passes until somebody's next heartbeat, or look. */
  wait(): void {
    this.#pass(Math.max(0, Math.ceil((this.ticks.next() ?? 0) - this.ticks.now)))
  }

  /** Restate tells the age of a run by the clock: that goes on with time there. */
  #pass(ms: number): void {
    this.ticks.now += ms
    if (this.restate) this.clock.now += ms
    this.ticks.fireDue()
  }

  /** Everybody looks: news may be lost, but looking again finds what it was of. */
  poll(): void {
    for (const process of this.processes) process.hear(false)
  }

  get isBusy(): boolean {
    if (this.restate && this.restate.underWay > 0) return true
    return this.#news.length > 0 || this.processes.some((process) => process.isBusy)
  }
}
