/** What is searched: one item of memory as texts, and the fields they become. */
export interface Doc {
  readonly id: string
  readonly subject: string
  readonly statement: string
  readonly because?: string
  /** Whatever else should lead to it: rejected alternatives, the value as text, what stands beside it. */
  readonly more?: string
  /** Its date, in milliseconds since 1970; "March 2024" and "2024-03-05" find it. */
  readonly at?: number
}

/** One result. */
export interface Hit {
  readonly id: string
  /** Only good for comparing results of the same search. */
  readonly score: number
  readonly why: { readonly terms: readonly Why[] }
}

/** A term that led to a result, and the field it stands in. */
export interface Why {
  readonly term: string
  readonly field: Field
  /** The word of the query that `term` stands for, where it is not that word itself. */
  readonly from?: string
  /** Where `term` is the question itself: how near in meaning the field is, from 0.5 to 1. */
  readonly near?: number
}

export const FIELDS = ['subject', 'statement', 'because', 'more', 'date'] as const
export type Field = (typeof FIELDS)[number]
