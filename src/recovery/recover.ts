/**
 * Out of a failure, along the ladder of its mode.
 *
 * R1. A plain function over operations: each rung is on the record before it is taken, so a crash between two goes on where it was.
 * R2. It ends: in a value, or in the run halted or failed. Neither of those is thrown, so nobody's `catch` can swallow them.
 * R3. What throws on the way (an author's function, a schema, a caller's own) halts: a way out that fails is none.
 * R4. A halt that a person lifts is tried once more, and then its ladder is walked anew.
 */
import { messageOf } from '../errors.ts'
import { ReplayDiverged, type Hands } from '../run/index.ts'
import {
  InvalidValue,
  nameOfTarget,
  validate,
  type FallbackTarget,
  type Ladder,
  type Rung,
} from '../task/index.ts'
import { declaredFor, ladderFor } from './defaults.ts'
import { FailureCompensated, FailureUnhandled } from './errors.ts'
import type { RungTaken } from './events.ts'
import { feedbackOf } from './feedback.ts'
import type { Failure, FailureMode } from './modes.ts'
import { pauseOf } from './pause.ts'
import { personsWord } from './person.ts'
import { over, take, walkName } from './taking.ts'
import { Walk, type Ability, type Move } from './walk.ts'

/** What came of trying. */
export type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure }

/** What the caller of an operation can do about its failure. What it leaves out is passed over on every ladder. */
export interface Abilities<T> {
  /** The same again. The first try was 1. */
  readonly retry: (attempt: number) => Promise<Tried<T>>
  /** Again, with what was wrong. */
  readonly repair: (feedback: string, attempt: number) => Promise<Tried<T>>
  readonly compact: () => Promise<Tried<T>>
  readonly fallback: (target: FallbackTarget) => Promise<Tried<T>>
  /** A person answered. */
  readonly answer: (value: unknown) => Promise<Tried<T>>
  readonly partial: () => Promise<Tried<T>>
}

export interface Recovering<T> {
  readonly failure: Failure
  /** What failed, by the name it has on the record. */
  readonly operation: string
  readonly can: Partial<Abilities<T>>
  /** In place of the task's own, for a failure of this mode: what a boundary declares for its breach. */
  readonly ladder?: Ladder | undefined
  /** The model or tool that failed: no ladder falls back to it. */
  readonly failed?: string | undefined
  /** How often it was tried again before anybody was told. */
  readonly retried?: number | undefined
}

/** Walks the ladder of a failure until something is ok. Ends the run where nothing is. */
export function recover<T>(hands: Hands, about: Recovering<T>): Promise<T> {
  return new Recovery(hands, about).walk()
}

/** How a rung went: a value, a failure, or another rung that must be taken at once. */
type Went<T> = Tried<T> | { readonly ok: false; readonly failure: Failure; readonly instead?: Forced }

interface Forced {
  readonly rung: 'halt' | 'compensate' | 'resume'
  readonly because: string
  readonly thrown?: unknown
}

class Recovery<T> {
  readonly #hands: Hands
  readonly #about: Recovering<T>
  readonly #can: ReadonlySet<Ability>
  readonly #met = new Set<FailureMode>()
  readonly #rungs: string[] = []
  #walk: Walk
  #failure: Failure
  #failures: readonly string[] = []
  #attempt: number

  constructor(hands: Hands, about: Recovering<T>) {
    this.#hands = hands
    this.#about = about
    // What is there is a name of an ability: the type has no others.
    const able = Object.entries(about.can).flatMap(([name, can]) =>
      typeof can === 'function' ? [name as Ability] : [],
    )
    this.#can = new Set(able)
    this.#failure = about.failure
    this.#attempt = 1 + (about.retried ?? 0)
    this.#walk = this.#newWalk(about.retried)
  }

  async walk(): Promise<T> {
    let instead: Forced | undefined
    for (;;) {
      const move: Move | undefined = instead ? undefined : this.#walk.next(this.#failure)
      const forced: Forced | undefined = instead
      const taken = await this.#take(move, forced)
      const thrown = move?.thrown ?? forced?.thrown
      if (taken.rung === 'compensate')
        return this.#hands.fail(new FailureCompensated(this.#end(taken, thrown)))
      if (taken.rung === 'halt') {
        if (this.#hands.resumed() <= (taken.resumed ?? 0))
          return this.#hands.haltInTurn(new FailureUnhandled(this.#end(taken, thrown)))
        this.#walk = this.#newWalk()
        this.#rungs.length = 0
        instead = this.#can.has('retry') ? { rung: 'resume', because: 'The run was resumed.' } : undefined
        continue
      }
      const went = await this.#go(taken, move)
      if (went.ok) {
        await over(this.#hands, this.#about.operation, taken.rung, this.#failures)
        return went.value
      }
      this.#failure = went.failure
      instead = 'instead' in went ? went.instead : undefined
    }
  }

  #newWalk(retried?: number): Walk {
    return new Walk({
      ladderOf: (mode) => this.#ladderOf(mode) ?? ladderFor(this.#hands.task, mode),
      can: this.#can,
      failed: this.#about.failed,
      retried,
    })
  }

  #ladderOf(mode: FailureMode): Ladder | undefined {
    const { ladder, failure } = this.#about
    return mode === failure.mode && ladder ? ladder : declaredFor(this.#hands.task, mode)
  }

  async #take(move: Move | undefined, forced: Forced | undefined): Promise<RungTaken> {
    const failure = this.#failure
    const rung = move?.rung
    const isMet = this.#met.has(failure.mode)
    this.#met.add(failure.mode)
    const taken = await take(this.#hands, {
      operation: this.#about.operation,
      failure,
      move: { because: forced?.because ?? move?.because ?? '', skipped: move?.skipped ?? [] },
      rung: forced?.rung ?? rung?.kind ?? 'halt',
      to: rung && goesTo(rung),
      pauseMs:
        rung?.kind === 'retry'
          ? pauseOf(rung, move?.attempt ?? 1, this.#hands.random(), failure.retryAfterMs)
          : undefined,
      number: this.#rungs.length + 1,
      failures: this.#failures,
      isMet,
      isHandled: this.#ladderOf(failure.mode) !== undefined,
    })
    this.#failures = taken.failures
    this.#rungs.push(taken.to === undefined ? taken.rung : `${taken.rung} (${taken.to})`)
    return taken
  }

  /** Takes a rung. @throws nothing */
  async #go(taken: RungTaken, move: Move | undefined): Promise<Went<T>> {
    try {
      return await this.#try(taken, move?.rung)
    } catch (thrown) {
      const because = `Its ladder failed at ${taken.rung}: ${messageOf(thrown)}`
      return { ok: false, failure: this.#failure, instead: { rung: 'halt', because, thrown } }
    }
  }

  async #try(taken: RungTaken, rung: Rung | undefined): Promise<Went<T>> {
    const { can } = this.#about
    switch (taken.rung) {
      case 'retry':
        if ((taken.pauseMs ?? 0) > 0)
          await this.#hands.sleep(`pause in ${walkName(this.#about.operation)}`, taken.pauseMs ?? 0)
        return this.#able('retry', can.retry)(++this.#attempt)
      case 'resume':
        return this.#able('retry', can.retry)(++this.#attempt)
      case 'repair': {
        const feedback = await feedbackOf(rung?.kind === 'repair' ? rung : {}, this.#failure)
        return this.#able('repair', can.repair)(feedback, ++this.#attempt)
      }
      case 'compact':
        return this.#able('compact', can.compact)()
      case 'accept_partial':
        return this.#partial(rung?.kind === 'accept_partial' ? rung.schema : undefined)
      case 'fallback':
        if (rung?.kind !== 'fallback' || goesTo(rung) !== taken.to) break
        return this.#able('fallback', can.fallback)(rung.target)
      case 'ask':
      case 'escalate':
        if (rung?.kind !== taken.rung || goesTo(rung) !== taken.to) break
        return this.#asked(rung)
    }
    throw new ReplayDiverged(
      this.#hands.run.id,
      walkName(this.#about.operation),
      told(taken),
      told(move(rung)),
    )
  }

  async #asked(rung: Extract<Rung, { kind: 'ask' | 'escalate' }>): Promise<Went<T>> {
    const { can, operation } = this.#about
    const failure = this.#failure
    const rungs = this.#rungs.slice(0, -1)
    const word = await personsWord(this.#hands, { rung, failure, operation, rungs, can: this.#can })
    const who = rung.to ?? 'a person'
    switch (word.do) {
      case 'again':
        return this.#able('retry', can.retry)(++this.#attempt)
      case 'use':
        return this.#able('answer', can.answer)(word.value)
      case 'partial':
        return this.#partial(undefined)
      case 'halt':
      case 'compensate':
        return { ok: false, failure, instead: { rung: word.do, because: `${who} said so.` } }
      default:
        return { ok: false, failure }
    }
  }

  async #partial(schema: Extract<Rung, { kind: 'accept_partial' }>['schema']): Promise<Tried<T>> {
    const tried = await this.#able('partial', this.#about.can.partial)()
    if (!tried.ok || !schema) return tried
    try {
      const what = `What there is of ${this.#about.operation}`
      // The schema is what makes of the part what the caller is told it is.
      return { ok: true, value: (await validate(schema, tried.value, 'invalid_value', what)) as T }
    } catch (error) {
      if (error instanceof InvalidValue) return { ok: false, failure: this.#failure }
      throw error
    }
  }

  /** What the record says was done may be beyond what the caller can do now. */
  #able<F>(name: Ability, able: F | undefined): F {
    if (able !== undefined) return able
    throw new TypeError(`${this.#about.operation} has no way to ${name} any more`)
  }

  #end(taken: RungTaken, thrown: unknown) {
    const { run } = this.#hands
    return {
      runId: run.id,
      task: run.task,
      operation: this.#about.operation,
      failure: this.#failure,
      rungs: this.#rungs.slice(0, -1),
      because: taken.because,
      isHandled: this.#ladderOf(this.#failure.mode) !== undefined,
      ...(thrown === undefined ? {} : { cause: thrown }),
    }
  }
}

/** Where a rung leads, where several of its kind may lead elsewhere. */
function goesTo(rung: Rung): string | undefined {
  if (rung.kind === 'fallback') return nameOfTarget(rung.target)
  return rung.kind === 'ask' || rung.kind === 'escalate' ? rung.to : undefined
}

const move = (rung: Rung | undefined) => ({ rung: rung?.kind ?? 'nothing', to: rung && goesTo(rung) })
const told = ({ rung, to }: { readonly rung: string; readonly to?: string | undefined }): string =>
  to === undefined ? `as ${rung}` : `as ${rung} (${to})`
