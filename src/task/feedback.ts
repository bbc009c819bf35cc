/** What a person says of an output, and what becomes of it. */
import type { ItemKind, RememberInput } from './memory.ts'

/** A place in an output: `rows[3].category`, or its keys one by one. Empty is the output itself. */
export type OutputPath = string | readonly (string | number)[]

/** A person's word that something in an output should have been something else. */
export interface Correction {
  readonly path: OutputPath
  /** What is there, earlier corrections included: nobody corrects what they have not seen. */
  readonly was: unknown
  readonly is: unknown
  /** Who says so; `person` unless told. */
  readonly by?: string
  readonly because?: string
}

/** How later work is to be done, as an item of memory: a preference unless told, in the run's scope unless told. */
export type Convention = Omit<RememberInput, 'kind' | 'supersedes'> & { readonly kind?: ItemKind }

/** A correction as a task's rule is given it. */
export interface Corrected extends Correction {
  readonly run: string
  /** The keys one by one. */
  readonly keys: readonly (string | number)[]
  readonly by: string
}

/** A task's rule: the convention that follows from a correction of its output, if any does. It must not do anything else. */
export type FeedbackRule<Output = unknown> = (correction: Corrected, output: Output) => Convention | undefined

export interface GivenFeedback extends Correction {
  /** Names the correction: the same id is recorded once. */
  readonly id?: string
  /**
   * Whether it becomes a convention: as the task's rule says unless told; `true` or the parts that are to be other than usual make
   * one, `false` makes none.
   */
  readonly asConvention?: boolean | Partial<Convention>
}

/** A correction that is on the record. */
export interface Feedback {
  readonly id: string
  readonly run: string
  /** The place, as text. */
  readonly path: string
  readonly keys: readonly (string | number)[]
  readonly was: unknown
  readonly is: unknown
  readonly by: string
  readonly because: string | undefined
  readonly at: Date
  /** The item of memory it became, or that said so already. */
  readonly convention: string | undefined
  /** Who decided about the convention: the task's rule, the request, or nobody, since the task declares none or its code is not here. */
  readonly rule: 'task' | 'request' | 'none' | 'unknown'
}
