/** What a body asks of people: questions, and approval of what it is about to do. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Duration } from './duration.ts'
import type { Schema } from './schema.ts'

export interface AskOptions<S extends Schema | undefined = undefined> {
  /** What an answer must look like; what the schema makes of it is what the body is given. */
  readonly schema?: S
  /** Who is asked: a person or a role, by the name their inbox is listed under. Anybody unless told. */
  readonly to?: string
  /** How long it waits; for ever unless told. */
  readonly timeout?: Duration
  /** Anything that helps to answer; it is shown with the question. */
  readonly about?: unknown
}

export interface ChoiceOptions<C extends string> extends Omit<AskOptions, 'schema'> {
  /** An answer is one of these. */
  readonly choices: readonly C[]
}

export type Asked<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown

export interface Ask {
  /**
   * Asks a person, and rests until they have answered: for weeks, if need be. Answered through `tl.inbox` only.
   *
   * @example
   * const centre = await ctx.ask('Which cost centre?', { schema: z.string(), to: 'finance', timeout: '3d' })
   * @throws {QuestionExpired} when nobody answered in time @throws {BadQuestion}
   */
  <const C extends string>(question: string, options: ChoiceOptions<C>): Promise<C>
  <S extends Schema | undefined = undefined>(question: string, options?: AskOptions<S>): Promise<Asked<S>>
}

export interface ApproveOptions<T> {
  /** What is to be approved: whoever approves is bound to exactly this, by its digest. */
  readonly proposal: T
  /** Who is asked: a person or a role, by the name their inbox is listed under. Anybody unless told. */
  readonly to?: string
  /** How long it waits; for ever unless told. */
  readonly timeout?: Duration
  /** What is asked; `Approve "<name>"?` unless told. */
  readonly question?: string
  /** What an edited proposal must look like. */
  readonly schema?: Schema<unknown, T> | Schema<T, T>
  /** Anything that helps to decide; it is shown with the proposal. */
  readonly about?: unknown
}

/** A part of a proposal that the person who was asked changed. */
export interface Edit {
  /** `lines[2].amount`; empty for the whole. */
  readonly path: string
  /** Undefined where it was added. */
  readonly was: unknown
  /** Undefined where it was taken out. */
  readonly is: unknown
}

/** What a person said of a proposal. */
export interface Approval<T = unknown> {
  readonly approved: boolean
  /** As proposed, or as the person edited it. */
  readonly value: T
  /** Who said so. */
  readonly by: string
  readonly reason: string | undefined
  /** What they changed; empty where nothing. */
  readonly edits: readonly Edit[]
  /** SHA-256 of the proposal they were shown. */
  readonly digest: string
  /** The question they answered. */
  readonly question: string
}
