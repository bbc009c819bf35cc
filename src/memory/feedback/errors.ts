/** What can be wrong with a correction. */
import { ThroughlineError } from '../../errors.ts'

/** A correction that cannot be recorded as it is. */
export class BadFeedback extends ThroughlineError {
  constructor(runId: string, field: string, message: string, cause?: unknown) {
    super('bad_feedback', {
      message: `${field} of feedback to ${runId}: ${message}`,
      data: { run: runId, field },
      cause,
    })
  }
}

/** What is there is not what the correction says was there. */
export class FeedbackStale extends ThroughlineError {
  constructor(runId: string, path: string, told: string, now: string, by: string | undefined) {
    const whose = by === undefined ? '' : ` since ${by} corrected it`
    super('feedback_stale', {
      message: `${path} of ${runId} is ${now}${whose}, not ${told}. Look at it again; if it is still wrong, give what is there as "was".`,
      data: { run: runId, path, told, now, by },
    })
  }
}

/** There is no output that could be corrected. */
export class NoOutput extends ThroughlineError {
  constructor(runId: string, status: string) {
    super('no_output', {
      message: `${runId} has no output to correct: it is ${status}. Wait until it is done; a run that failed or was cancelled has none.`,
      data: { run: runId, status },
    })
  }
}
