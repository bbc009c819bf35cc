/**
 * Programs as data: what a body does, small enough to print, random enough to meet what nobody thought of.
 *
 * P1. What a program comes to does not depend on timing: races have a winner that is fixed, or a result that is the same for any.
 * P2. Every operation has a number; its value names it and its place, so that a body can tell another's value from its own.
 */
export interface StepOp {
  readonly kind: 'step'
  readonly id: number
  /** From a small pool: names repeat, numbers do not. */
  readonly name: string
  /** How long the effect takes before it is done, and after: turns of the event loop. */
  readonly before: number
  readonly after: number
  /** Simulated time it takes besides. */
  readonly ms: number
  /** Its first attempts throw, or take longer than their time-out. */
  readonly fails: number
  readonly failsBy: 'throwing' | 'time'
  readonly attempts: number
  readonly once?: 'bare' | 'reconciled'
  /** The first attempt of a `once` step throws before, or after, the effect. */
  readonly throws?: 'before' | 'after'
  readonly hasUndo: boolean
  readonly undoFails: number
}

export type Op =
  | StepOp
  | { readonly kind: 'sleep'; readonly id: number; readonly ms: number }
  /** Waits for each of `count` messages of one name, which come in order. */
  | { readonly kind: 'wait'; readonly id: number; readonly count: number; readonly isPicky: boolean }
  /** Waits, in vain, for a message nobody sends. */
  | { readonly kind: 'expire'; readonly id: number; readonly ms: number }
  /** A plain await outside any step. */
  | { readonly kind: 'pause'; readonly id: number; readonly turns: number; readonly ms: number }
  | { readonly kind: 'progress'; readonly id: number }
  | {
      readonly kind: 'map'
      readonly id: number
      readonly items: readonly (readonly Op[])[]
      readonly concurrency: number
    }
  | { readonly kind: 'all'; readonly id: number; readonly branches: readonly (readonly Op[])[] }
  /** Promise.all over flows of one branch, whose names repeat. */
  | { readonly kind: 'bare'; readonly id: number; readonly parts: readonly (readonly Op[])[] }
  /** Not awaited by anybody. */
  | { readonly kind: 'loose'; readonly id: number; readonly ops: readonly Op[] }
  /** The first wins: the others wait for what never comes. */
  | { readonly kind: 'race'; readonly id: number; readonly fast: readonly Op[]; readonly slow: readonly Op[] }
  /** Anyone may win; whoever did, did for good. */
  | { readonly kind: 'contest'; readonly id: number; readonly branches: readonly (readonly Op[])[] }
  /** Races a message against a pause, again and again, until the message comes. */
  | { readonly kind: 'nudge'; readonly id: number; readonly ms: number }
  /** Takes `count` messages of either of two names, as they come. */
  | { readonly kind: 'collect'; readonly id: number; readonly count: number }
  /** Puts a decision into memory, about something of its own or what all speak of; and replaces it by another. */
  | { readonly kind: 'keep'; readonly id: number; readonly isShared: boolean; readonly isRevised: boolean }
  /** Rests until somebody takes the run over. */
  | { readonly kind: 'hand'; readonly id: number }
  /** A model that asks for a tool in each of its turns, then says that it is done. */
  | {
      readonly kind: 'agent'
      readonly id: number
      readonly turns: number
      /** The tool's effect happens once. */
      readonly isOnce: boolean
      /** So often the provider fails first, in each turn. */
      readonly fails: number
    }
  | { readonly kind: 'call'; readonly id: number; readonly task: number }
  | {
      readonly kind: 'spawn'
      readonly id: number
      readonly task: number
      readonly onParentEnd: 'cancel' | 'leave'
    }
  | { readonly kind: 'try'; readonly id: number; readonly ops: readonly Op[] }
  | { readonly kind: 'fail'; readonly id: number }
  /** Waits for ever: somebody has to cancel the run. */
  | { readonly kind: 'hold'; readonly id: number }

export interface TaskPlan {
  readonly ops: readonly Op[]
  /** How often it restarts, and once more. */
  readonly chapters: number
}

export interface Program {
  /** The first is started; later ones are called by earlier ones. */
  readonly tasks: readonly TaskPlan[]
}

/** What a body is started with: its place in the whole. */
export interface Input {
  readonly where: string
  readonly chapter: number
}

export const taskName = (index: number): string => `t${index}`
export const markOf = (op: { readonly id: number }, where: string): string => `${where}.${op.id}`
/** Where a run's operations are, which chapter included. */
export const placeOf = (input: Input): string =>
  input.chapter === 1 ? input.where : `${input.where}~${input.chapter}`
export const messageOf = (mark: string, which: number): string => `${mark}!${which}`
/** Names that begin so are waited for, and never sent. */
export const NEVER = 'never:'
