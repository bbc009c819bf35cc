/** What a run ends with when its ladders do. */
import { ThroughlineError } from '../errors.ts'
import type { Failure, FailureMode } from './modes.ts'
import { keyOfMode, sentenceOf } from './modes.ts'

interface Unmended {
  readonly runId: string
  readonly task: string
  readonly operation: string
  readonly failure: Failure
  /** Rungs that were taken, in order. */
  readonly rungs: readonly string[]
  readonly because: string
  readonly isHandled: boolean
  readonly cause?: unknown
}

/** Nothing on the ladder of a failure helped, or it says to stop: the run halts, and a person can lift that. */
export class FailureUnhandled extends ThroughlineError {
  readonly mode: FailureMode

  constructor(unmended: Unmended) {
    super('failure_unhandled', {
      message: `${told(unmended)} ${advice(unmended)}`,
      data: dataOf(unmended),
      cause: unmended.cause,
    })
    this.mode = unmended.failure.mode
  }
}

/** A failure whose ladder ends in `compensate`: the run fails, and what it did is undone. */
export class FailureCompensated extends ThroughlineError {
  readonly mode: FailureMode

  constructor(unmended: Unmended) {
    super('failure_compensated', {
      message: `${told(unmended)} What ${unmended.runId} did is undone, newest first.`,
      data: dataOf(unmended),
      cause: unmended.cause,
    })
    this.mode = unmended.failure.mode
  }
}

function told({ operation, runId, failure, rungs, because }: Unmended): string {
  const { mode, evidence } = failure
  const tried = rungs.length === 0 ? '' : ` Tried: ${rungs.join(', ')}.`
  return `${operation} of ${runId} failed (${mode}: ${sentenceOf(mode)}) with ${evidence.name}: ${evidence.message.replace(/[^.!?]$/, '$&.')}${tried} ${because}`
}

function advice({ runId, task, failure: { mode }, isHandled }: Unmended): string {
  const lift = `Mend the cause, then "throughline resume ${runId}": it is tried again.`
  return isHandled
    ? lift
    : `${lift} Task "${task}" declares no way out of it: recovery: { ${keyOfMode(mode)}: … }.`
}

function dataOf({
  runId,
  operation,
  failure,
  rungs,
  isHandled,
}: Unmended): Readonly<Record<string, unknown>> {
  return { runId, operation, mode: failure.mode, evidence: failure.evidence, rungs, isHandled }
}
