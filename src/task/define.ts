import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ThroughlineError } from '../errors.ts'
import type { Boundary } from './boundary.ts'
import { boundsOf, type Bounds } from './bounds.ts'
import type { Context } from './context.ts'
import type { FeedbackRule } from './feedback.ts'
import { checkRecovery } from './ladder.ts'
import type { Recovery } from './recovery.ts'
import type { Schema } from './schema.ts'

/** A named, versioned, typed function of `ctx` and an input. */
export interface Task<Input = unknown, Output = unknown> {
  readonly name: string
  readonly version: string
  /** Older versions whose runs this code may continue. */
  readonly resumes: readonly string[]
  readonly input: Schema | undefined
  readonly output: Schema | undefined
  readonly owner: string | undefined
  readonly risk: 'low' | 'limited' | 'high' | undefined
  readonly run: (ctx: Context, input: never) => unknown
  readonly feedback?: FeedbackRule<never> | undefined
  /** The ways out of failures that it declares. */
  readonly recovery?: Recovery | undefined
  readonly boundary?: Bounds | undefined
  /** Carries the types only. */
  readonly '~types'?: (input: Input) => Output
}

export type AnyTask = Task<never, unknown>

type Given<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown
type Received<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown

export interface TaskDefinition<In extends Schema | undefined, Out extends Schema | undefined, Result> {
  /** Unique; the identity of its runs. */
  readonly name: string
  /** `'1'` unless told. Small changes need no new version: steps are known by name. */
  readonly version?: string
  readonly resumes?: readonly string[]
  readonly input?: In
  readonly output?: Out
  /** Who answers for it. */
  readonly owner?: string
  readonly risk?: 'low' | 'limited' | 'high'
  /** The limits it may not cross, its children included. */
  readonly boundary?: Boundary
  /** What follows from a person's correction of an output: a convention for later runs, or nothing. */
  readonly feedback?: FeedbackRule<
    Out extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Out> : Awaited<Result>
  >
  /** A way out for each mode of failure; what is not declared goes the way that is safe for its mode. */
  readonly recovery?: Recovery
  run(ctx: Context, input: Received<In>): Promise<Result> | Result
}

/** A task is defined in a way that cannot work. */
export class BadTask extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>>) {
    super('bad_task', { message, data })
  }
}

/**
 * Defines a task.
 *
 * @example
 * const greet = task({ name: 'greet', input: z.object({ who: z.string() }), run: (ctx, { who }) => ctx.step('compose', () => `Hello ${who}`) })
 * @throws {BadTask} without a usable name or a `run` function @throws {BadRecovery} for a ladder that cannot be walked
 * @throws {BadBoundary} for a limit that cannot hold
 */
export function task<
  In extends Schema | undefined = undefined,
  Out extends Schema | undefined = undefined,
  Result extends (Out extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Out> : unknown) =
    Out extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Out> : unknown,
>(
  definition: TaskDefinition<In, Out, Result>,
): Task<Given<In>, Out extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Out> : Awaited<Result>> {
  const { name, version = '1' } = definition
  if (typeof name !== 'string' || !/^[\w.:@-][\w.:@/ -]{0,99}$/.test(name)) {
    throw new BadTask(
      `A task's name must be 1 to 100 letters, digits, or any of . : @ / _ - and spaces; got ${JSON.stringify(name)}.`,
      { name },
    )
  }
  if (typeof definition.run !== 'function')
    throw new BadTask(`Task "${name}" has no run function; give it run(ctx, input) { … }.`, { name })
  const { feedback } = definition
  if (feedback !== undefined && typeof feedback !== 'function')
    throw new BadTask(`The feedback of task "${name}" must be a function of a correction and the output.`, {
      name,
    })
  return {
    name,
    version: String(version),
    resumes: (definition.resumes ?? []).map(String),
    input: definition.input,
    output: definition.output,
    owner: definition.owner,
    risk: definition.risk,
    run: (ctx, input) => definition.run(ctx, input),
    feedback,
    recovery: checkRecovery(name, definition.recovery),
    boundary: definition.boundary === undefined ? undefined : boundsOf(name, definition.boundary),
  }
}

/** Whether something a module exports is a task. */
export function isTask(value: unknown): value is AnyTask {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'version' in value &&
    'resumes' in value &&
    'run' in value &&
    typeof value.run === 'function'
  )
}
