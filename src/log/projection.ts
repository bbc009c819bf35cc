/**
 * A projection: rows computed from events, and nothing else (I5).
 *
 * P1. `apply` is pure: the same events give the same changes, on any store, at any time.
 * P2. An inline projection changes in the commit of its event; a lagging one follows by position.
 * P3. What was erased says nothing: `apply` is not asked of it. What stays is said by the record of the erasure (erasure.ts).
 * P4. Where `insert` meets a row with the same key, or `put` finds another row than `if` says, the whole commit is refused.
 */
import type { StoredEvent } from './event.ts'

export type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>

export interface Table {
  readonly columns: Readonly<Record<string, 'text' | 'integer'>>
  readonly key: readonly string[]
  readonly indexes?: readonly { readonly columns: readonly string[]; readonly where?: string }[]
}

export type RowChange =
  | { readonly insert: string; readonly row: Row }
  | { readonly put: string; readonly row: Row }
  | {
      readonly patch: string
      readonly set: Row
      readonly where: Row
      /** refuse the commit unless a row changed */ readonly must?: boolean
    }
  | {
      readonly add: string
      /** by how much each column changes; one that holds nothing yet counts as zero */ readonly by: Readonly<
        Record<string, number>
      >
      /** the whole key of the row, which is made where it is missing */ readonly where: Row
    }
  | { readonly remove: string; readonly where: Row }

export interface Projection {
  readonly name: string
  /** Raise it when `apply` or a table changes: the store rebuilds the projection when next opened. */
  readonly version: number
  readonly mode: 'inline' | 'lagging'
  readonly kinds: readonly string[]
  readonly tables: Readonly<Record<string, Table>>
  readonly apply: (event: StoredEvent) => readonly RowChange[]
}

export type Test =
  | Cell
  | {
      readonly lt?: number
      readonly lte?: number
      readonly gt?: number
      readonly gte?: number
      readonly in?: readonly Cell[]
      readonly prefix?: string
      readonly not?: Cell
    }

/** A question to one table: rows that pass every test, in order. */
export interface Query {
  readonly where?: Readonly<Record<string, Test>>
  readonly order?: readonly (string | { readonly desc: string })[]
  readonly limit?: number
  /** All unless told. */
  readonly columns?: readonly string[]
}
