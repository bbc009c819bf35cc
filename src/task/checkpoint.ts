/** What is asked of a value between two stages. */
import type { Schema } from './schema.ts'

/** Where something is in a value: `lines.amount` is the amount of every line; of a list itself, of each of its elements. */
export type ValuePath = string

/** A path that both values have, or a path in each. */
export type Kept = ValuePath | { readonly from: ValuePath; readonly to: ValuePath }

/** What must survive on the way from one stage to the next. */
export interface Conservation {
  /** The value before. */
  readonly from: unknown
  /** There are as many: elements of the lists at that path, or of the values themselves (`true`). */
  readonly count?: Kept | true | readonly Kept[]
  /** They add up to the same. */
  readonly sum?: Kept | readonly Kept[]
  /** The same are there, in any order. What is missing is named. */
  readonly ids?: Kept | readonly Kept[]
  /** Ids that were left out on purpose. */
  readonly except?: readonly (string | number)[]
  /** Whether there may be more than before; not unless told. */
  readonly mayGrow?: boolean
  /** How far sums may differ, for rounding; 0 unless told. */
  readonly within?: number
}

export interface CheckpointOptions<T> {
  /** What the value must look like; what the schema makes of it is what the checkpoint gives back. */
  readonly schema?: Schema<unknown, T> | Schema<T, T>
  /** Checks of its author's, by name: true, or what is wrong. */
  readonly checks?: Readonly<Record<string, (value: T) => boolean | string | Promise<boolean | string>>>
  /** What must have survived since the stage before. */
  readonly conserves?: Conservation | readonly Conservation[]
  /** Whether the schema may drop elements of lists; a list that it makes shorter is a failure unless told. */
  readonly mayDrop?: boolean
  /** How sure its author is of the value, from 0 to 1, or where that is in it; held against the boundary's minimum. */
  readonly confidence?: number | ValuePath
  /** What goes on in place of a value that nobody is sure enough of. */
  readonly abstain?: T
  /** Why decisions that ask for it are gone against: reasons by the id of the item. */
  readonly because?: Readonly<Record<string, string>>
}
