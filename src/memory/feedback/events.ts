/** What a correction puts on the record: an event in the inbox of its run, where anybody may write, also when the run has ended. */
import { kind } from '../../log/index.ts'
import type { Feedback } from '../../task/index.ts'

export const feedbackGiven = kind<{
  readonly id: string
  readonly path: Feedback['keys']
  readonly was: unknown
  readonly is: unknown
  readonly because?: string
  readonly convention?: string
  readonly rule: Feedback['rule']
}>('feedback.given')
