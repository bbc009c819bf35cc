/**
 * Putting something on other streams from a body: working memory, threads, whatever a feature keeps.
 *
 * P1. What is kept and the run's record of it are one commit: neither is there without the other, whatever crashes.
 * P2. A keeping that others were quicker than is decided anew, from what the store holds then.
 * P3. What it comes to, a refusal as well, is an outcome like any other: a replay is given the same.
 */
import { anew, eventOf, type Append, type Change, type Log, type NewEvent } from '../log/index.ts'
import type { AnyTask, Context, ContextLog, Narrowed } from '../task/index.ts'
import { keepDone, keepRefused, type Fork } from './events.ts'
import type { Generation } from './generation.ts'
import type { AskStep } from './limits.ts'
import type { FeatureKind, Recorded, Told } from './history.ts'
import type { Operation } from './operation.ts'
import { storable } from './step.ts'
import { kept } from './unread.ts'
import type { Performing } from './work.ts'

/** What is to be committed, and what the body is told then. */
export interface Keeping {
  readonly appends: readonly Append[]
  readonly unless?: Change['unless']
  readonly value: unknown
}

/** What a feature has of the run that a context belongs to. */
export interface Hands {
  /** The context itself, with what every feature adds to it: not before a body has it. */
  readonly context: () => Context
  readonly run: Context['run']
  readonly task: AnyTask
  readonly log: Log
  readonly logger: ContextLog
  readonly newId: (prefix: string) => string
  /** What was before this run: its caller, or what it was started from. */
  readonly handed: { readonly subject: string; readonly id?: string; readonly mustRead: boolean } | undefined
  readonly wait: Context['wait']
  readonly sleep: Context['sleep']
  readonly step: Context['step']
  readonly call: Context['call']
  /** The runs that this one is a fork of. */
  readonly forks: readonly Fork[]
  /** The store's time, or this machine's idea of it. */
  readonly now: () => number
  /** An operation of `ctx.<call>`: `decide` reads the store and says what is to be put there; what it throws is the outcome. */
  readonly keep: (call: string, name: string, decide: () => Promise<Keeping>) => Promise<unknown>
  /** An operation of a kind that the feature brings (work.ts). */
  readonly perform: (asked: Performing) => Promise<unknown>
  /** Whether an operation of this name has its outcome on the record: asked by code that may come with another's record, as a fork's. */
  readonly isSettled: (name: string) => boolean
  /** Records something nobody waits for, once: not while the record is replayed. */
  readonly note: (event: NewEvent) => void
  /** What was noted, of these kinds, when this life of the run began. */
  readonly noted: (kinds: readonly string[]) => readonly Told[]
  /** Of operations of features: all that is recorded of them, in order. */
  readonly history: () => Iterable<Told>
  /** Recorded under the branch that asks, of a kind, and not asked for yet. */
  readonly unasked: (kind: FeatureKind) => readonly Recorded[]
  /** The run is past its record: what it does now it does for the first time. */
  readonly isLive: () => boolean
  /** How often a person lifted a halt of this run. */
  readonly resumed: () => number
  /** Ends the run halted; never settles. */
  readonly halt: (error: unknown) => Promise<never>
  /** Ends the run failed, with its compensations; never settles. */
  readonly fail: (error: unknown) => Promise<never>
  /** The same, but what is under way is recorded first, and nothing begins any more. */
  readonly haltInTurn: (error: unknown) => Promise<never>
  /** Ends the run failed; what is under way is told to stop. */
  readonly failNow: (error: unknown) => void
  /** State of the feature for this life of the run, the same in all its branches. */
  readonly shared: <T extends object>(key: symbol, make: () => T) => T
  /** The names before an operation's own: of the branch that asks. */
  readonly branch: () => string
  /** Runs something as a step's function is run: what it takes from its surroundings is its own affair. */
  readonly outside: <T>(run: () => T) => T
  /** Draws for jitter. */
  readonly random: () => number
  readonly input: unknown
  /** What it may not cross, by its own task and its callers. */
  readonly limits: () => Narrowed | undefined
  /** Calls at that time, unless the run has left memory by then or it is called off. */
  readonly alarm: (at: number, fire: () => void) => () => void
  /** From now on asked before every attempt of a step, compensations apart. */
  readonly beforeSteps: (ask: AskStep) => void
  /** Asks the store until it answers. */
  readonly patiently: <T>(ask: () => Promise<T>) => Promise<T>
  /** Known to the record of this run and its forks alone. */
  readonly secret: string
}

/** The run a value belongs to. */
interface About {
  readonly task: AnyTask
  readonly input: unknown
  readonly log: Log
  readonly run: Context['run']
  readonly forks: readonly Fork[]
  readonly now: () => number
}

/** What a feature adds to every run. */
export interface Feature {
  /** What it adds to the context of every body. */
  readonly context: (hands: Hands) => Partial<Context>
  /**
   * Looks at an output before the run is done with it. What it throws, the run fails with; what it gives, the end is committed under:
   * found otherwise by then, it looks again.
   */
  readonly gate?: (about: About & { readonly output: unknown }) => Promise<Change['unless']>
  /** The same for the result of a step; undefined, at once, where nothing is said of steps of that name. */
  readonly stepGate?: (
    about: About & { readonly step: string; readonly result: unknown },
  ) => (() => Promise<Change['unless']>) | undefined
}

export function performKeep(
  generation: Generation,
  operation: Operation,
  decide: () => Promise<Keeping>,
): void {
  if (operation.recorded?.outcome || !generation.mayBegin(operation)) return
  generation.effect(async () => {
    try {
      await anew(async () => {
        const { appends, unless, value } = await generation.patiently(decide)
        const done = eventOf(keepDone, { v: value }, generation.ref(operation))
        await generation.settle(operation, [done], appends, unless)
        kept(generation, operation)
      })
    } catch (error) {
      const refused = eventOf(keepRefused, { e: storable(error) }, generation.ref(operation))
      await generation.settle(operation, [refused])
    }
  })
}
