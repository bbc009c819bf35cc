/**
 * From a correction to the convention that keeps it from being needed again.
 *
 * C1. One convention a scope, subject and predicate among those that came of corrections: the last word supersedes the one before, and
 *     who says the same once more records nothing new. What was decided otherwise is never superseded by a correction, only contradicted.
 */
import { encode, type Log } from '../../log/index.ts'
import type { AnyTask, Convention, Feedback } from '../../task/index.ts'
import type { ItemInput } from '../item.ts'
import { shown, shownPath, type Checked } from './correction.ts'
import { BadFeedback } from './errors.ts'

/** What follows from a correction, and who said so. */
export interface Follows {
  readonly rule: Feedback['rule']
  readonly convention: Convention | undefined
}

/** @throws {BadFeedback} the task's rule failed: then nothing is recorded */
export function follows(given: Checked, task: string, code: AnyTask | undefined, output: unknown): Follows {
  const { asConvention, ...correction } = given
  if (asConvention === false) return { rule: 'request', convention: undefined }
  if (asConvention !== undefined) {
    const parts = asConvention === true ? {} : asConvention
    return { rule: 'request', convention: { ...usual(given, task), ...parts } }
  }
  if (!code) return { rule: 'unknown', convention: undefined }
  if (!code.feedback) return { rule: 'none', convention: undefined }
  try {
    return { rule: 'task', convention: code.feedback(correction, output as never) } // recorded as this task's output
  } catch (error) {
    throw new BadFeedback(
      given.run,
      'asConvention',
      `the feedback rule of task "${task}" threw. Mend it, or give asConvention: false.`,
      error,
    )
  }
}

/** The same mistake at the same kind of place is not to be made again. */
function usual({ keys, was, is }: Checked, task: string): Convention {
  const place = shownPath(keys).replaceAll(/\[\d+\]/g, '[]')
  return {
    subject: `task:${task}`.slice(0, 150),
    predicate: `${place}, not ${shown(was)}`.replaceAll(/[\p{Cc}›]/gu, ' ').slice(0, 150),
    value: is,
    statement: `${place} is ${shown(is)}, not ${shown(was)}`,
  }
}

/** The item a convention is recorded as. It rests on the corrections it came of. */
export function itemOf(
  { kind = 'preference', ...convention }: Convention,
  scope: string,
  rests: readonly Checked[],
): ItemInput & { readonly scope: string } {
  const last = rests.at(-1)
  const because =
    convention.because ?? last?.because ?? (kind === 'decision' ? 'A person corrected it.' : undefined)
  const evidence = rests.map(({ run, keys, was, is }) => ({
    run,
    path: shownPath(keys),
    quote: `${shown(was)} → ${shown(is)}`,
  }))
  return {
    scope,
    ...convention,
    kind,
    ...(because === undefined ? {} : { because }),
    evidence: [...(convention.evidence ?? []), ...evidence].slice(-100),
  }
}

/** Conventions about one thing exclude each other; those without a predicate stand side by side. */
export const aboutOf = (item: ItemInput & { readonly scope: string }): string | undefined =>
  item.predicate === undefined ? undefined : JSON.stringify([item.scope, item.subject, item.predicate])

/** The live convention about the same that came of a correction, and whether it says the same. */
export async function standingOn(
  log: Log,
  { kind, scope, subject, predicate, value }: ItemInput & { readonly scope: string },
  now: number,
): Promise<{ readonly id: string; readonly version: number; readonly saysSame: boolean } | undefined> {
  if (predicate === undefined) return undefined
  const where = { kind, scope, subject, predicate, status: 'active', replaced_at: null, ends_at: { gt: now } }
  for (const row of await log.select('items', { where, order: [{ desc: 'position' }] })) {
    const [from] = await log.select('feedback', { where: { convention: row['item'] ?? null }, limit: 1 })
    if (!from) continue
    const said = value === undefined ? null : encode(value)
    return { id: String(row['item']), version: Number(row['version']), saysSame: row['value'] === said }
  }
  return undefined
}
