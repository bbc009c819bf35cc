/** What a value, or a run, can be stopped for. `data.mode` is the failure mode, where the code is not one itself. */
import { ThroughlineError } from '../errors.ts'
import type { Limit } from '../task/index.ts'

/** A limit that the task, or one that called it, declared would have been crossed. */
export class BoundaryBreached extends ThroughlineError {
  constructor(what: Limit, message: string, data: Readonly<Record<string, unknown>>) {
    super('boundary_breach', {
      message: `${message} Nothing of it was done. Raise the limit in the boundary of the task that declared it and resume the run, or let the work need less.`,
      data: { what, mode: 'boundary_breach', ...data },
    })
  }
}

/** A check of the checkpoint's author said no. */
export class CheckFailed extends ThroughlineError {
  constructor(checkpoint: string, check: string, said: string | undefined, cause?: unknown) {
    super('check_failed', {
      message: `Check "${check}" at checkpoint "${checkpoint}" did not pass${said === undefined ? '' : `: ${said}`}. Change the value, or the check.`,
      data: { checkpoint, check, said, mode: 'malformed_output' },
      cause,
    })
  }
}

/** An invariant of the task does not hold of a value, or could not be asked. */
export class InvariantBroken extends ThroughlineError {
  constructor(task: string, stage: string, invariant: string, said: string | undefined, cause?: unknown) {
    super('invariant_broken', {
      message: `Invariant "${invariant}" of task "${task}" does not hold at "${stage}"${said === undefined ? '' : `: ${said}`}. Change the value; where it says nothing of this stage, say of which: { at: [ … ], holds }.`,
      data: { task, stage, invariant, said, mode: 'malformed_output' },
      cause,
    })
  }
}

/** Something that had to survive a stage is not there any more. */
export class PartialLoss extends ThroughlineError {
  constructor(checkpoint: string, losses: readonly string[], data: Readonly<Record<string, unknown>>) {
    super('partial_loss', {
      message: `Not everything came through to checkpoint "${checkpoint}":\n${losses.map((loss) => `  ${loss}`).join('\n')}\nGet what is missing again, or say that it was left out on purpose (conserves: { except: [ … ] }).`,
      data: { checkpoint, losses, ...data },
    })
  }
}

/** Nobody is sure enough of a value, and nothing was declared to go on in its place. */
export class LowConfidence extends ThroughlineError {
  constructor(checkpoint: string, confidence: unknown, minimum: number) {
    const said =
      typeof confidence === 'number' ? String(confidence) : 'nothing that can be read as a number from 0 to 1'
    super('low_confidence', {
      message: `Checkpoint "${checkpoint}" needs a confidence of ${minimum} at least; the value has ${said}. Get a better one, ask somebody, or say what goes on in its place: checkpoint(name, value, { abstain }).`,
      data: { checkpoint, confidence, minimum, mode: 'missing_information' },
    })
  }
}
