/**
 * A run at rest: suspended on the record at once, kept in memory for a while, then put out of it.
 *
 *     at work ─▶ suspending ─▶ idle ─▶ evicted
 *        ▲           │          │
 *        └───────────┴──────────┘   a message, a timer, or an operation after a plain await
 *
 * The suspending commit succeeds only if the inbox holds nothing newer than what was looked at: no wake-up is lost.
 */
import { eventOf, GuardFailed } from '../log/index.ts'
import { runRevived, runStalled, runSuspended, type Waiting } from './events.ts'
import type { Generation } from './generation.ts'

/** Of what a run waits for, its row names no more. */
export const MOST_WAITS_NAMED = 100

export class Rest {
  readonly #generation: Generation
  readonly #lingerMs: number
  readonly #awaiting: (() => void)[] = []
  #isIdle = false
  #isSuspending = false
  #isStirred = false
  #suspendedFor = ''
  #stopTimer: () => void = () => {}

  constructor(generation: Generation, lingerMs: number) {
    this.#generation = generation
    this.#lingerMs = lingerMs
  }

  /** Resolves when the run next comes to rest, or is over. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#awaiting.push(resolve))
  }

  /** While at work, the run keeps its own timer; at rest it is woken by the dispatcher. */
  armTimer(inFlight: number, awaits: boolean): void {
    this.#stopTimer()
    this.#stopTimer = () => {}
    if (this.#isIdle) return
    const { pending, surroundings, delivery } = this.#generation
    let due = Number.POSITIVE_INFINITY
    for (const { waiting } of pending) if (waiting?.due !== undefined) due = Math.min(due, waiting.due)
    if (due < Number.POSITIVE_INFINITY) this.#stopTimer = surroundings.clock.at(due, () => delivery.poke())
    else if (inFlight === 0 && !awaits) this.#watchForStall()
  }

  suspend(): void {
    if (this.#isSuspending) return
    const generation = this.#generation
    const { mailbox } = generation
    const waits: Waiting[] = []
    for (const { waiting } of generation.pending) if (waiting) waits.push(waiting)
    waits.sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity))
    const due = waits[0]?.due
    const body = { waits: waits.slice(0, MOST_WAITS_NAMED), ...(due === undefined ? {} : { due }) }
    const suspendedFor = JSON.stringify([body, mailbox.seen])
    if (suspendedFor === this.#suspendedFor) return this.#idle()
    this.#isSuspending = true
    const unless = [
      { table: 'inbox', where: { run: generation.runId, taken: null, position: { gt: mailbox.seen } } },
    ]
    void generation
      .record([eventOf(runSuspended, body)], [], unless)
      .then(
        () => {
          this.#suspendedFor = suspendedFor
          if (this.#isStirred) this.#noteRevival()
          else if (generation.isQuiet) this.#idle()
        },
        (error: unknown) => (error instanceof GuardFailed ? generation.refresh() : generation.broke(error)),
      )
      .finally(() => {
        this.#isSuspending = false
        this.#isStirred = false
        if (!this.#isIdle) generation.delivery.poke()
      })
  }

  /** Something is to be done again. */
  revive(): void {
    if (!this.#isIdle) return
    this.#isIdle = false
    this.#suspendedFor = ''
    this.#stopTimer()
  }

  /**
   * The body performs an operation. If it was at rest it had been in a plain await, and the record says so again:
   * a run that rests is not taken up by the next process, and nobody would go on with this operation.
   */
  stir(): void {
    if (this.#isSuspending) this.#isStirred = true
    if (!this.#isIdle) return
    this.revive()
    this.#noteRevival()
  }

  #noteRevival(): void {
    const generation = this.#generation
    this.#suspendedFor = ''
    generation.effect(async () => void (await generation.record([eventOf(runRevived, undefined)])))
  }

  end(): void {
    this.#stopTimer()
    for (const resolve of this.#awaiting.splice(0)) resolve()
  }

  #idle(): void {
    const generation = this.#generation
    const { clock, rested } = generation.surroundings
    this.#isIdle = true
    this.end()
    this.#stopTimer = clock.at(clock.now() + this.#lingerMs, () => generation.close('evicted'))
    rested()
  }

  #watchForStall(): void {
    const generation = this.#generation
    const { clock, limits, logger } = generation.surroundings
    const since = clock.now()
    this.#stopTimer = clock.at(since + limits.stalledMs, () => {
      const what = 'The body awaits nothing of ours and does not end; put what it does into ctx.step.'
      logger.warn(what, { run: generation.runId })
      generation.note(eventOf(runStalled, { since }))
    })
  }
}
