import { ThroughlineError } from '../errors.ts'
import type { ErrorClass } from '../log/index.ts'

/** How a run came to its end, for those who asked for its result. */
export interface Ending {
  readonly runId: string
  readonly mode: string
  readonly cause: unknown
  readonly message: string
}

/** The run failed; `cause` is what its body threw. */
export class RunFailed extends ThroughlineError {
  readonly runId: string
  readonly mode: string
  constructor(ending: Ending) {
    super('run_failed', {
      message: `${ending.runId} failed (${ending.mode}): ${ending.message}`,
      data: { runId: ending.runId, mode: ending.mode },
      cause: ending.cause,
    })
    this.runId = ending.runId
    this.mode = ending.mode
  }
}

/** The run was cancelled. */
export class RunCancelled extends ThroughlineError {
  readonly runId: string
  readonly mode: string
  constructor(ending: Ending) {
    super('run_cancelled', {
      message: `${ending.runId} was cancelled: ${ending.message}`,
      data: { runId: ending.runId, mode: ending.mode },
      cause: ending.cause,
    })
    this.runId = ending.runId
    this.mode = ending.mode
  }
}

/** The run halted; a person can lift that with `resume`. */
export class RunHalted extends ThroughlineError {
  readonly runId: string
  readonly mode: string
  constructor(ending: Ending) {
    super('run_halted', {
      message: `${ending.runId} halted (${ending.mode}): ${ending.message} See "throughline show ${ending.runId}", then "throughline resume ${ending.runId}".`,
      data: { runId: ending.runId, mode: ending.mode },
      cause: ending.cause,
    })
    this.runId = ending.runId
    this.mode = ending.mode
  }
}

/** A child run did not end well. */
export class ChildFailed extends ThroughlineError {
  readonly mode: string
  constructor(child: string, status: string, mode: string, message: string, cause?: unknown) {
    super('child_failed', {
      message: `Child ${child} ended ${status} (${mode}): ${message}`,
      data: { child, status, mode },
      cause,
    })
    this.mode = mode
  }
}

/** Nobody answered a wait in time. */
export class WaitTimedOut extends ThroughlineError {
  constructor(runId: string, name: string) {
    super('wait_timed_out', {
      message: `No message "${name}" reached ${runId} in time. Catch WaitTimedOut to go on without it.`,
      data: { runId, name },
    })
  }
}

/** An attempt of a step took longer than its time-out. */
export class StepTimedOut extends ThroughlineError {
  constructor(runId: string, step: string, timeoutMs: number) {
    super('step_timed_out', {
      message: `Step "${step}" of ${runId} took longer than ${timeoutMs} ms. Raise its timeout, call heartbeat() from it, or give it retry.`,
      retryable: true,
      data: { runId, step, timeoutMs },
    })
  }
}

/** A step was declared `once`, may or may not have happened, and a person settled that it failed. */
export class EffectNotDone extends ThroughlineError {
  constructor(runId: string, step: string, because: string) {
    super('effect_not_done', {
      message: `Step "${step}" of ${runId} did not take effect: ${because}`,
      data: { runId, step },
    })
  }
}

/** The code reached a recorded step along another path. */
export class ReplayDiverged extends ThroughlineError {
  constructor(runId: string, step: string, recorded: string, reached: string) {
    super('replay_diverged', {
      message:
        `Step "${step}" of ${runId} was recorded ${recorded} but is now reached ${reached}. ` +
        'Give repeated steps a key (ctx.map, or a name such as "save:${id}"), or resume with the code that started the run.',
      data: { runId, step, recorded, reached },
    })
  }
}

/** An operation was used in a way that cannot be recorded. */
export class BadOperation extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>>) {
    super('bad_operation', { message, data })
  }
}

/** Two items of one ctx.map have the same key. */
export class DuplicateKey extends ThroughlineError {
  constructor(map: string, key: string) {
    super('duplicate_key', {
      message: `Two items of ctx.map("${map}") have the key "${key}"; give key: (item) => … something that tells them apart.`,
      data: { map, key },
    })
  }
}

/** The code no longer has the compensation of a step that needs one. */
export class CompensationMissing extends ThroughlineError {
  constructor(runId: string, step: string) {
    super('compensation_missing', {
      message: `Step "${step}" of ${runId} was recorded with a compensation that this code no longer has. Bring it back and resume the run.`,
      data: { runId, step },
    })
  }
}

/** A compensation failed for good. */
export class CompensationFailed extends ThroughlineError {
  constructor(runId: string, step: string, cause: unknown) {
    super('compensation_failed', {
      message: `Undoing step "${step}" of ${runId} failed after every attempt. Mend the cause, then resume the run: it goes on from there.`,
      data: { runId, step },
      cause,
    })
  }
}

/** The same key, with another input. */
export class KeyReused extends ThroughlineError {
  constructor(key: string, runId: string) {
    super('key_reused', {
      message: `Key "${key}" belongs to ${runId}, which was started with another input. Use another key, or the same input.`,
      data: { key, runId },
    })
  }
}

/** There is no such run here. */
export class RunNotFound extends ThroughlineError {
  constructor(runId: string) {
    super('run_not_found', {
      message: `There is no run ${runId} in this store. "throughline runs" lists those there are; check --store.`,
      data: { runId },
    })
  }
}

/** The run has ended; what was asked of it makes no sense any more. */
export class RunEnded extends ThroughlineError {
  constructor(runId: string, status: string, what: string) {
    super('run_ended', {
      message: `${runId} has ended (${status}); it cannot be ${what} any more. Start another run, or fork this one.`,
      data: { runId, status },
    })
  }
}

/** What the run did was erased: it can neither go on nor be shown. */
export class RunErased extends ThroughlineError {
  constructor(runId: string) {
    super('run_erased', {
      message: `What ${runId} did was erased, so it can neither be replayed nor go on. That it ran stays on the record; start another run.`,
      data: { runId },
    })
  }
}

/** Nothing of that name is in doubt. */
export class NotInDoubt extends ThroughlineError {
  constructor(runId: string, step: string, inDoubt: readonly string[]) {
    super('not_in_doubt', {
      message: `Step "${step}" of ${runId} is not in doubt. ${inDoubt.length > 0 ? `In doubt: ${inDoubt.join(', ')}.` : 'None of its steps is.'}`,
      data: { runId, step, inDoubt },
    })
  }
}

/** No place of that name in the run's history. */
export class ForkPointNotFound extends ThroughlineError {
  constructor(runId: string, at: string) {
    super('fork_point_not_found', {
      message: `${runId} has no recorded outcome "${at}"; "throughline show ${runId}" lists the steps, "throughline history ${runId}" the numbers.`,
      data: { runId, at },
    })
  }
}

/** The classes that come back as themselves when an error is read from the record. */
export const ERROR_CLASSES: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>(
  [
    StepTimedOut,
    EffectNotDone,
    ChildFailed,
    WaitTimedOut,
    BadOperation,
    DuplicateKey,
    CompensationMissing,
    CompensationFailed,
    ReplayDiverged,
  ].map((c) => [c.name, c]),
)
