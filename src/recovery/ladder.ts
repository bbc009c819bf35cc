/**
 * What ladders are built of.
 *
 * Whether one can be walked is said where it is declared (task/ladder.ts): there it is known whose it is.
 */
import {
  BadRecovery,
  isLadder,
  type AskRung,
  type EscalateRung,
  type FallbackTarget,
  type Ladder,
  type RepairRung,
  type RetryRung,
  type Rung,
  type Schema,
} from '../task/index.ts'

/** Does the same again after a pause, where the failure may pass by itself. @example retry({ attempts: 5, initial: '2s' }) */
export const retry = (options: RetryRung = {}): Ladder => ladderOf([{ ...options, kind: 'retry' }])

/** Asks again with what was wrong, within so many tokens. @example repair({ attempts: 2 }).then(halt()) */
export const repair = (options: RepairRung = {}): Ladder => ladderOf([{ ...options, kind: 'repair' }])

/** Makes the conversation shorter, once, and goes on if it got shorter. */
export const compact = (): Ladder => ladderOf([{ kind: 'compact' }])

/** Does it with another model, another tool, or another task. @example fallback('anthropic/claude-sonnet-5') */
export const fallback = (target: FallbackTarget): Ladder => ladderOf([{ kind: 'fallback', target }])

/** Asks a person, and waits for the answer, however long and through whatever restarts. @example ask('ops', { timeout: '2d' }) */
export const ask = (who?: string, options: AskRung = {}): Ladder =>
  ladderOf([{ ...options, kind: 'ask', ...(who === undefined ? {} : { to: who }) }])

/** Lays the matter before somebody who decides what becomes of it. @example retry().then(escalate('lead')) */
export const escalate = (who: string, options: EscalateRung = {}): Ladder =>
  ladderOf([{ ...options, kind: 'escalate', to: who }])

/** Takes what there is, if it is of this shape. @example acceptPartial(z.object({ rows: z.array(Row) })) */
export const acceptPartial = (schema?: Schema): Ladder =>
  ladderOf([{ kind: 'accept_partial', ...(schema === undefined ? {} : { schema }) }])

/** Ends the run failed: what it did is undone, newest first. */
export const compensate = (): Ladder => ladderOf([{ kind: 'compensate' }])

/** Stops the run where it stands, for a person to look at; `resume` tries again. */
export const halt = (): Ladder => ladderOf([{ kind: 'halt' }])

function ladderOf(rungs: readonly Rung[]): Ladder {
  return Object.freeze({
    rungs: Object.freeze(rungs.map((rung) => Object.freeze(rung))),
    then(next: Ladder) {
      if (!isLadder(next))
        throw new BadRecovery(
          typeof next === 'function'
            ? 'A ladder is no promise: it was awaited, or returned from an async function. Declare it in task({ recovery }).'
            : 'then(…) takes another ladder: retry().then(halt()).',
        )
      return ladderOf([...rungs, ...next.rungs])
    },
  })
}
