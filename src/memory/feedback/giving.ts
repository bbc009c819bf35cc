/**
 * A person's corrections of an output, onto the record.
 *
 * G1. They go into the inbox's stream of the run, which anybody may write: no lease is needed, and the run itself stays as it ended.
 * G2. A correction and the convention that follows from it are one commit; those given together are all recorded, or none is.
 * G3. Each is held against what those before it left, those of others included: whoever was slower is told what is there now.
 * G4. Of two that become conventions about one thing at once, from two runs, the later one supersedes the other.
 */
import { isDeepStrictEqual as same } from 'node:util'
import { anew, eventOf, type Append, type Log } from '../../log/index.ts'
import { events } from '../../run/index.ts'
import type { AnyTask, Feedback, GivenFeedback } from '../../task/index.ts'
import { drafted, written, type Put } from '../writing.ts'
import { aboutOf, follows, itemOf, standingOn } from './convention.ts'
import { checked, holdAgainst, type Checked } from './correction.ts'
import { BadFeedback } from './errors.ts'
import { feedbackGiven } from './events.ts'
import { correctedBy, feedbackOf, finished } from './reading.ts'
import { replaced } from './place.ts'

export interface FeedbackParts {
  readonly log: Log
  readonly newId: (prefix: string) => string
  /** The store's time. */
  readonly now: () => number
  /** The code of a task, where this process has it. */
  readonly codeFor: (name: string, version: string) => AnyTask | undefined
}

const MOST_AT_ONCE = 10_000

/** @throws {BadFeedback} @throws {FeedbackStale} @throws {NoOutput} @throws {RunNotFound} @throws {BadItem} */
export async function giveFeedback(
  parts: FeedbackParts,
  run: string,
  given: readonly GivenFeedback[],
): Promise<readonly Feedback[]> {
  if (given.length > MOST_AT_ONCE)
    throw new BadFeedback(run, 'list', `it is longer than ${MOST_AT_ONCE}; give it in parts.`)
  const named = given
    .map((one) => checked(run, one))
    .map((one) => ({ ...one, id: one.id ?? parts.newId('fb') }))
  return anew(async () => {
    const { ids, ...change } = await decided(parts, run, named)
    if (change.appends.length > 0) await parts.log.commit(change)
    const recorded = new Map((await feedbackOf(parts.log, run)).map((one) => [one.id, one]))
    return ids.flatMap((id) => recorded.get(id) ?? [])
  })
}

type Named = Checked & { readonly id: string }

/** What is to be committed, from what the store holds now. */
async function decided(parts: FeedbackParts, run: string, given: readonly Named[]) {
  const { log, codeFor } = parts
  // Before anything is read: what comes later refuses the commit.
  const position = await log.position()
  const inbox = await log.head(events.inboxOf(run))
  const { row, output } = await finished(log, run)
  const task = String(row['task'])
  const code = codeFor(task, String(row['version']))
  const earlier = await feedbackOf(log, run)
  const known = new Set(earlier.map(({ id }) => id))
  const ids = given.map(({ id }) => id)
  const fresh = given.filter(({ id }, i) => !known.has(id) && ids.indexOf(id) === i)

  let standing = correctedBy(output, earlier)
  const so = fresh.map((one) => {
    holdAgainst(standing, one, earlier)
    standing = replaced(standing, one.keys, one.is)
    return { one, ...follows(one, task, code, output) }
  })
  const conventions = await conventionsOf(parts, String(row['scope'] ?? ''), so)
  const feedback = so.map(({ one, rule }) => {
    const { id, keys, was, is, because, by } = one
    const convention = conventions.of.get(id)
    const body = {
      id,
      path: keys,
      was,
      is,
      rule,
      ...(because === undefined ? {} : { because }),
      ...(convention === undefined ? {} : { convention }),
    }
    return eventOf(feedbackGiven, body, undefined, by)
  })
  if (feedback.length === 0) return { ids, appends: [] }
  const stream = events.inboxOf(run)
  const own: Append = { stream, expected: { seq: inbox?.seq ?? 0 }, events: feedback }
  const guards = [...conventions.subjects].map(([of, subjects]) => ({
    table: 'items',
    where: { scope: of, subject: { in: [...subjects] }, replaced_at: null, position: { gt: position } },
  }))
  return { ids, appends: [own, ...conventions.appends], unless: [...guards, ...(conventions.unless ?? [])] }
}

/** The items these corrections become, by correction: of several about one thing, the last word. */
async function conventionsOf(
  { log, newId, now }: FeedbackParts,
  scope: string,
  so: readonly (ReturnType<typeof follows> & { readonly one: Named })[],
) {
  const of = new Map<string, string>()
  const puts: Put[] = []
  const subjects = new Map<string, Set<string>>()
  const wanted = so.flatMap(({ one, convention }) =>
    convention === undefined
      ? []
      : [{ one, convention, about: aboutOf(itemOf(convention, scope, [])) ?? one.id }],
  )
  for (const group of Map.groupBy(wanted, ({ about }) => about).values()) {
    const last = group.at(-1)
    if (!last) continue
    const agreeing = group.filter(({ one }) => same(one.is, last.one.is)).map(({ one }) => one)
    const item = itemOf(last.convention, scope, agreeing)
    const standing = await standingOn(log, item, now())
    if (standing?.saysSame) {
      for (const { id } of agreeing) of.set(id, standing.id)
      continue
    }
    subjects.set(item.scope, (subjects.get(item.scope) ?? new Set()).add(item.subject))
    const { id, version } = standing ?? {}
    const supersedes = id === undefined || version === undefined ? {} : { supersedes: { id, version } }
    const by = { author: last.one.by, run: undefined, scope }
    const draft = await drafted({ log, newId, now, by }, { ...item, ...supersedes })
    for (const { id: correction } of agreeing) of.set(correction, draft.item.id)
    puts.push(...draft.puts)
  }
  return { of, subjects, ...(await written(log, puts, undefined)) }
}
