/** Items of memory, drawn for people. */
import type { Conflict, Found, MemoryItem } from '../app/index.ts'
import { preview, shortened } from './json.ts'
import { fromNow, timeText } from './moment.ts'
import type { Output, Tone } from './output.ts'

const TONES: Readonly<Record<string, Tone>> = {
  active: 'good',
  proposed: 'warn',
  fulfilled: 'dim',
  superseded: 'dim',
  withdrawn: 'dim',
  expired: 'dim',
  erased: 'dim',
}

/** One line each. */
export function drawItems(out: Output, items: readonly MemoryItem[]): void {
  if (items.length === 0) return out.say('Nothing here that fits.')
  const now = Date.now()
  const width = Math.min(24, Math.max(...items.map(({ subject }) => subject.length)))
  for (const item of items) {
    const { id, kind, status, subject, scope, statement, dueAt } = item
    const mark = status === 'active' ? '' : ` ${out.paint(TONES[status] ?? 'plain', status)}`
    const due = dueAt
      ? out.paint(dueAt.getTime() < now ? 'bad' : 'warn', `  due ${fromNow(dueAt.getTime(), now)}`)
      : ''
    const where = scope === '' ? '' : out.paint('dim', `  ${scope}`)
    const text = shortened(statement, Math.max(30, out.width - width - 55))
    out.line(
      `${id}  ${kind.padEnd(10)}  ${shortened(subject, width).padEnd(width)}  ${text}${mark}${due}${where}`,
    )
  }
}

/** Best first, each with the words that led to it. */
export function drawFound(out: Output, found: readonly Found[]): void {
  if (found.length === 0) return out.say('Nothing here that answers.')
  for (const { item, why } of found) {
    const scope = item.scope === '' ? '' : out.paint('dim', `  ${item.scope}`)
    out.line(`${item.id}  ${item.kind}  ${out.paint('bold', item.subject)}${scope}`)
    out.line(`    ${shortened(item.statement, out.width - 6)}`)
    if (item.because !== undefined)
      out.line(`    ${out.paint('dim', shortened(`because ${item.because}`, out.width - 6))}`)
    const words = [
      ...new Set(why.map(({ term, from }) => (from === undefined ? term : `${term} (for ${from})`))),
    ]
    if (words.length > 0)
      out.line(`    ${out.paint('dim', shortened(`by ${words.join(', ')}`, out.width - 6))}`)
  }
}

/** With its reasons, what was not chosen, and each version. */
export function drawItem(out: Output, versions: readonly MemoryItem[]): void {
  const item = versions.at(-1)
  if (!item) return
  const { paint } = out
  if (item.status === 'erased') return drawErased(out, versions)
  out.line(`${paint('bold', item.id)}  ${item.kind}  ${paint(TONES[item.status] ?? 'plain', item.status)}`)
  out.line(`  ${item.statement}`)
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['subject', item.predicate === undefined ? item.subject : `${item.subject}, ${item.predicate}`],
    ['value', item.value === undefined ? undefined : preview(item.value, 200)],
    ['because', item.because],
    ['scope', item.scope === '' ? undefined : item.scope],
    ['due', item.dueAt && timeText(item.dueAt)],
    ['review', item.reviewAt && timeText(item.reviewAt)],
    ['true from', item.validFrom && timeText(item.validFrom)],
    ['true until', item.validTo && timeText(item.validTo)],
    ['run', item.run],
    ['links', item.links.map(({ type, to }) => `${type.replace('_', ' ')} ${to}`).join(', ') || undefined],
  ]
  for (const [label, text] of facts)
    if (text !== undefined) out.line(`  ${paint('dim', label.padEnd(10))} ${text}`)
  for (const { option, because, reopenIf } of item.alternatives) {
    out.line(`  ${paint('dim', 'not')}        ${option}${because === undefined ? '' : ` (${because})`}`)
    if (reopenIf !== undefined) out.line(`             ${paint('dim', `reopen if ${reopenIf}`)}`)
  }
  for (const { version, status, author, recordedAt, change } of versions) {
    const why = change?.because === undefined ? '' : `: ${change.because}`
    const by = change?.by === undefined ? '' : ` by ${change.by}`
    out.line(`  ${paint('dim', `v${version}`)}  ${timeText(recordedAt)}  ${author}  ${status}${by}${why}`)
  }
}

/** What is left of it: that it was. */
function drawErased(out: Output, versions: readonly MemoryItem[]): void {
  const { paint } = out
  const [{ id, kind } = { id: '', kind: '' }] = versions
  out.line(`${paint('bold', id)}  ${kind}  ${paint('dim', 'erased')}`)
  for (const { version, recordedAt } of versions)
    out.line(`  ${paint('dim', `v${version}`)}  ${timeText(recordedAt)}`)
}

/** Each dispute, and who said what. */
export function drawConflicts(out: Output, conflicts: readonly Conflict[]): void {
  if (conflicts.length === 0) return out.say('No live items contradict each other.')
  for (const { scope, subject, predicate, items } of conflicts) {
    const where = scope === '' ? '' : out.paint('dim', `  ${scope}`)
    out.line(`${out.paint('warn', '≠')} ${out.paint('bold', subject)}, ${predicate}${where}`)
    for (const { id, value, author, because, recordedAt } of items)
      out.line(
        `    ${id}  ${preview(value, 40)}  ${out.paint('dim', `${author}, ${timeText(recordedAt)}`)}${because === undefined ? '' : `  ${shortened(because, 60)}`}`,
      )
  }
}
