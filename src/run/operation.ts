/** One operation of a body: what it is, what is recorded of it, and the promise the body holds. */
import { textOf } from '../errors.ts'
import type { NewEvent, StoredEvent } from '../log/index.ts'
import type { Schema } from '../task/index.ts'
import { ChildFailed, WaitTimedOut } from './errors.ts'
import {
  callEnded,
  keepDone,
  keepRefused,
  raceSettled,
  sleepFired,
  spawnRefused,
  spawnStarted,
  stepCompleted,
  stepFailed,
  waitAnswered,
  waitTimedOut,
  type Resolution,
  type Waiting,
} from './events.ts'
import { read, type OperationKind, type Recorded } from './history.ts'
import type { Branch, Hold } from './place.ts'

export interface Operation {
  readonly kind: OperationKind
  readonly key: string
  readonly path: string
  readonly ordinal: number
  readonly after: string | undefined
  readonly branch: Branch
  readonly recorded: Recorded | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** What the body holds. */
  readonly promise: Promise<unknown>
  /** Of the function that performs it, which only waits meanwhile. */
  readonly hold: Hold | undefined
  /** What it waits for, while nothing of it is running. */
  waiting?: Waiting | undefined
  /** At `waiting.due`. */
  fire?: (() => NewEvent | (() => void)) | undefined
  /** For an open wait: the payload's schema. */
  schema?: Schema | undefined
  /** For an effect in doubt: what a person said. */
  settleDoubt?: ((resolution: Resolution) => Doubted) | undefined
  /** For an operation of a feature: what its outcome means to the body. */
  meaning?: ((event: Pick<StoredEvent, 'kind' | 'version' | 'body'>) => Settled) | undefined
  /** For a call: its child. */
  child?: string | undefined
  /** Its outcome is on the record, or on its way there. */
  hasOutcome: boolean
}

type Given = 'kind' | 'key' | 'path' | 'ordinal' | 'after' | 'branch' | 'recorded' | 'hold'

export function operationOf(given: Pick<Operation, Given>): Operation {
  return {
    ...given,
    ...Promise.withResolvers<unknown>(),
    hasOutcome: given.recorded?.outcome !== undefined,
  }
}

/** A mistake of ours: an operation that has an outcome was about to be given another. Nothing was recorded. */
class SecondOutcome extends Error {
  constructor(runId: string, key: string) {
    super(
      `"${key}" of ${runId} has an outcome; another one of it was not recorded. This is a defect of Throughline: please report it with the run's history.`,
    )
    this.name = 'SecondOutcome'
  }
}

/** Records outcomes of these operations, which have none yet. @throws {SecondOutcome} */
export async function withOutcome<T>(
  runId: string,
  operations: readonly Operation[],
  record: () => Promise<T>,
): Promise<T> {
  for (const operation of operations) {
    if (operation.hasOutcome) throw new SecondOutcome(runId, operation.key)
    operation.hasOutcome = true
  }
  try {
    return await record()
  } catch (error) {
    for (const operation of operations) operation.hasOutcome = false
    throw error
  }
}

/** What a person's word means for an effect in doubt: its outcome, or another try. */
export type Doubted =
  | { readonly outcome: NewEvent; readonly recorded?: (seq: number) => void }
  | { readonly attempts: number; readonly again: () => void }

export type Settled = { readonly value: unknown } | { readonly error: unknown }

/** What an outcome means to the body. The same for live and replayed ones: the body always gets the decoded value. */
function settledBy(
  event: Pick<StoredEvent, 'kind' | 'version' | 'body'>,
  runId: string,
  name: string,
): Settled {
  switch (event.kind) {
    case stepCompleted.name:
      return { value: read(stepCompleted, event).v }
    case stepFailed.name:
      return { error: read(stepFailed, event).e }
    case sleepFired.name:
      return { value: undefined }
    case waitAnswered.name:
      return { value: read(waitAnswered, event).v }
    case waitTimedOut.name:
      return { error: new WaitTimedOut(runId, name) }
    case spawnRefused.name:
      return { error: read(spawnRefused, event).e }
    case spawnStarted.name:
      return { value: { id: read(spawnStarted, event).run } }
    case raceSettled.name: {
      const { winner, upTo: _upTo, ...rest } = read(raceSettled, event)
      return 'e' in rest ? { error: rest.e } : { value: { winner, value: rest.v } }
    }
    case keepDone.name:
      return { value: read(keepDone, event).v }
    case keepRefused.name:
      return { error: read(keepRefused, event).e }
    case callEnded.name:
      return childSettled(read(callEnded, event))
    default:
      return { error: new Error(`An outcome of kind ${event.kind} is not known.`) }
  }
}

function childSettled(
  end: ReturnType<
    typeof read<{
      readonly message: string
      readonly status: string
      readonly mode?: string
      readonly v?: unknown
      readonly e?: unknown
    }>
  >,
): Settled {
  if (end.status === 'done') return { value: end.v }
  if (end.status === 'refused') return { error: end.e }
  return {
    error: new ChildFailed(
      end.message,
      end.status,
      end.mode ?? 'unclassified',
      end.e instanceof Error ? end.e.message : textOf(end.e),
      end.e,
    ),
  }
}

/** Gives the body what its operation came to. */
export function hand(
  operation: Operation,
  event: Pick<StoredEvent, 'kind' | 'version' | 'body'>,
  runId: string,
): void {
  const settled = operation.meaning?.(event) ?? settledBy(event, runId, operation.path)
  if ('value' in settled) return operation.resolve(settled.value)
  void unlooked(operation.promise)
  operation.reject(settled.error)
}

/** A failure that the body forgot to await is on the record; it must not end the process, and every other run in it. */
export function unlooked<T>(promise: Promise<T>): Promise<T> {
  promise.then(undefined, () => {})
  return promise
}
