/**
 * A run that was started from a brief does nothing before it acknowledged it.
 *
 * U1. Acknowledging is an operation of the body (`ctx.brief.acknowledge`): once its outcome is on the record, the run has read.
 */
import { ThroughlineError } from '../errors.ts'
import { keepDone } from './events.ts'
import type { Generation } from './generation.ts'
import type { History } from './history.ts'
import type { Operation } from './operation.ts'

/** An effect before the brief was acknowledged. */
export class BriefUnread extends ThroughlineError {
  constructor(runId: string, operation: string, subject: string) {
    super('brief_unread', {
      message: `"${operation}" of ${runId} was not begun: the run was started from a brief of ${subject}, and has not acknowledged it. Call await ctx.brief.read() and await ctx.brief.acknowledge() first.`,
      data: { run: runId, operation, subject },
    })
  }
}

/** Of `ctx.brief.acknowledge`, as the record has it. */
export const ACKNOWLEDGE = ['brief', 'acknowledge'] as const

const isAcknowledgement = (path: string): boolean => path.split(' › ').at(-1) === ACKNOWLEDGE.join(' ')
const done = new WeakSet<History>()

/** An operation was kept: perhaps that was it. */
export function kept({ history }: Generation, { path }: Operation): void {
  if (history.started.brief && isAcknowledgement(path)) done.add(history)
}

/** Whether the run may act, and its next chapters with it. */
export function hasRead(history: History): boolean {
  if (!history.started.brief || done.has(history)) return true
  for (const [key, { outcome }] of history.operations)
    if (outcome?.kind === keepDone.name && isAcknowledgement(key.slice(0, key.lastIndexOf('#')))) {
      done.add(history)
      return true
    }
  return false
}

/** What is thrown instead of an effect; undefined where it may begin. */
export function unread({ history, runId }: Generation, { path }: Operation): BriefUnread | undefined {
  return hasRead(history) ? undefined : new BriefUnread(runId, path, history.started.brief?.subject ?? '')
}
