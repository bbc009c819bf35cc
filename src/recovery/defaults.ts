/**
 * The way out of each mode where the task declares none.
 *
 * D1. Nothing is given up, guessed or undone that nobody declared: what these rungs cannot mend halts, and a person can lift that.
 * D2. Only what may pass by itself is tried again, and a few times. What failed for its content is told what was wrong.
 *
 * Why each: docs/decisions/0038-defaults-that-fail-safe.md.
 */
import type { AnyTask, Ladder } from '../task/index.ts'
import { ask, compact, halt, repair, retry } from './ladder.ts'
import { keyOfMode, type FailureMode } from './modes.ts'

const A_WHILE = '7d'

const defaults: Readonly<Record<FailureMode, Ladder>> = {
  context_overflow: compact().then(halt()),
  lost_context: repair({ attempts: 1 }).then(halt()),
  tool_failure: retry({ attempts: 3 }).then(halt()),
  wrong_tool: repair({ attempts: 2 }).then(halt()),
  unknown_side_effect: halt(),
  malformed_output: repair({ attempts: 2 }).then(halt()),
  partial_loss: repair({ attempts: 1 }).then(halt()),
  conflicting_instructions: ask(undefined, { timeout: A_WHILE }).then(halt()),
  missing_information: ask(undefined, { timeout: A_WHILE }).then(halt()),
  repetition: repair({ attempts: 1 }).then(halt()),
  no_termination: halt(),
  premature_end: repair({ attempts: 1 }).then(halt()),
  refusal: halt(),
  boundary_breach: halt(),
  decision_conflict: repair({ attempts: 1 }).then(halt()),
  stale_data: halt(),
  approval_expired: halt(),
  saturation: retry({ attempts: 5, initial: '2s' }).then(halt()),
  provider_outage: retry({ attempts: 4 }).then(halt()),
  configuration: halt(),
  unclassified: halt(),
}

/** The ladder of a mode: declared, or the default that fails safe. */
export function ladderFor(task: AnyTask, mode: FailureMode): Ladder {
  return declaredFor(task, mode) ?? defaults[mode]
}

/** The ladder a task declares for a mode. */
export function declaredFor(task: AnyTask, mode: FailureMode): Ladder | undefined {
  return task.recovery?.[keyOfMode(mode)]
}
