/**
 * What the books hold so far, read from the record: the months that were done, as people corrected them, and what was decided by hand.
 *
 * B1. A row that was asked about and never answered is not learned from: no guess becomes a precedent.
 */
import type { Feedback, MemoryItem, Throughline } from 'throughline'
import { plainWords, type Entry } from './entry.ts'
import { Learner, type Reason } from './learner.ts'
import { TASK, type BookedRow, type Month } from './month-shape.ts'

export interface Books {
  readonly learner: Learner
  /** The corrections that rows of earlier months got, by the row's id. */
  readonly corrected: ReadonlyMap<string, Feedback>
  /** What was decided about a payee by hand, by its plain name. */
  readonly decided: ReadonlyMap<string, MemoryItem>
}

/** The books before a run: every earlier month in the order of its days. */
export async function booksBefore(
  tl: Throughline,
  {
    run,
    scope,
    isInOrder = false,
  }: { readonly run: string; readonly scope: string; readonly isInOrder?: boolean },
): Promise<Books> {
  const learner = new Learner({ isInOrder })
  const corrected = new Map<string, Feedback>()
  const months: Month[] = []
  for (const id of await monthsOf(tl, scope)) {
    if (id === run) continue
    const handle = await tl.run<Month>(id)
    const month = await handle.corrected()
    for (const feedback of await handle.corrections()) {
      const row = month.rows[Number(feedback.keys[1])]
      if (row) corrected.set(row.id, feedback)
    }
    months.push(month)
  }
  months.sort((a, b) => firstDay(a).localeCompare(firstDay(b)))
  for (const { rows } of months)
    learnMonth(
      learner,
      rows.map(entryOf),
      rows.map(({ category }) => category),
    )
  return { learner, corrected, decided: await decisionsOf(tl, scope) }
}

/** Learns a month at its end: how far its suggestions could be relied on is judged by those made before it began. */
export function learnMonth(
  learner: Learner,
  entries: readonly Entry[],
  labels: readonly (string | null)[],
): void {
  const said = entries.map((entry) => learner.weigh(entry))
  for (const [i, entry] of entries.entries()) {
    const label = labels[i]
    if (typeof label === 'string') learner.learn(entry, label, said[i])
  }
}

export function entryOf({ id, date, payee, text, amount, context }: BookedRow): Entry {
  return { id, day: Date.parse(date) / 86_400_000, payee, text, amount, context }
}

/** A reason in words, with who corrected what it rests on. */
export function inWords(
  { same, times, of, entries }: Reason,
  { corrected }: Pick<Books, 'corrected'>,
): string {
  const cited = entries.map((id) => {
    const feedback = corrected.get(id)
    if (!feedback) return id
    const { by, because, convention } = feedback
    const reason = because === undefined ? '' : `: ${because}`
    return `${id} (${by}${reason}${convention === undefined ? '' : `, ${convention}`})`
  })
  const what = same === 'ledger' ? 'in all of the books' : `with the same ${same}`
  return `${times} of ${of} ${what}, last ${cited.toReversed().join(', ')}`
}

async function monthsOf(tl: Throughline, scope: string): Promise<readonly string[]> {
  const found: string[] = []
  for (let cursor: string | undefined; ;) {
    const about = { task: TASK, status: 'done', scope, limit: 1000 } as const
    const page = await tl.runs.list(cursor === undefined ? about : { ...about, cursor })
    found.push(...page.runs.map(({ id }) => id))
    if (page.cursor === undefined) return found
    cursor = page.cursor
  }
}

async function decisionsOf(tl: Throughline, scope: string): Promise<ReadonlyMap<string, MemoryItem>> {
  const { items } = await tl.memory.list({ kinds: ['decision'], scope, limit: 1000 })
  const about = items.filter(
    ({ subject, value }) => subject.startsWith('payee:') && typeof value === 'string',
  )
  // Newest first; the newest stands.
  return new Map(about.toReversed().map((item) => [plainWords(item.subject.slice('payee:'.length)), item]))
}

const firstDay = ({ rows }: Month): string => rows[0]?.date ?? ''
