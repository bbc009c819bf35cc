/** Items of memory, drawn for people. */
import type { Conflict, Flag, Found, LinkTo, MemoryImported, MemoryItem, Profile } from '../app/index.ts'
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
export function drawItems(
  out: Output,
  items: readonly MemoryItem[],
  flagged: ReadonlySet<string> = new Set(),
): void {
  if (items.length === 0) return out.say('Nothing here that fits.')
  const now = Date.now()
  const width = Math.min(24, Math.max(...items.map(({ subject }) => subject.length)))
  for (const item of items) {
    const { id, kind, status, subject, scope, statement, dueAt, reviewAt } = item
    const mark = status === 'active' ? '' : ` ${out.paint(TONES[status] ?? 'plain', status)}`
    const due = dueAt
      ? out.paint(dueAt.getTime() < now ? 'bad' : 'warn', `  due ${fromNow(dueAt.getTime(), now)}`)
      : ''
    const review =
      reviewAt && reviewAt.getTime() <= now
        ? out.paint('warn', `  review due ${fromNow(reviewAt.getTime(), now)}`)
        : ''
    const flag = flagged.has(id) ? out.paint('bad', '  flagged') : ''
    const where = scope === '' ? '' : out.paint('dim', `  ${scope}`)
    const text = shortened(statement, Math.max(30, out.width - width - 55))
    out.line(
      `${id}  ${kind.padEnd(10)}  ${shortened(subject, width).padEnd(width)}  ${text}${mark}${due}${review}${flag}${where}`,
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
    const words = [...new Set(why.map(wordOf))]
    if (words.length > 0)
      out.line(`    ${out.paint('dim', shortened(`by ${words.join(', ')}`, out.width - 6))}`)
  }
}

function wordOf({ term, from, near }: Found['why'][number]): string {
  if (near !== undefined) return `meaning, ${Math.round(near * 100)} % alike`
  return from === undefined ? term : `${term} (for ${from})`
}

/** With its reasons, what was not chosen, and each version. */
export function drawItem(
  out: Output,
  about: {
    readonly now: MemoryItem
    readonly versions: readonly MemoryItem[]
    readonly flags: readonly Flag[]
    readonly linkedFrom: readonly LinkTo[]
  },
): void {
  const { now: item, versions, flags, linkedFrom } = about
  const { paint } = out
  if (item.status === 'erased') return drawErased(out, versions)
  out.line(`${paint('bold', item.id)}  ${item.kind}  ${paint(TONES[item.status] ?? 'plain', item.status)}`)
  for (const { origin, status, via } of flags) {
    const through = via === origin ? '' : ` by way of ${via}`
    out.line(`  ${paint('bad', 'flagged')}    it rests on ${origin}, which is ${status}${through}`)
  }
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
    [
      'linked by',
      linkedFrom.map(({ type, from }) => `${from} (${type.replace('_', ' ')})`).join(', ') || undefined,
    ],
  ]
  for (const [label, text] of facts)
    if (text !== undefined) out.line(`  ${paint('dim', label.padEnd(10))} ${text}`)
  for (const { option, because, reopenIf } of item.alternatives) {
    out.line(`  ${paint('dim', 'not')}        ${option}${because === undefined ? '' : ` (${because})`}`)
    if (reopenIf !== undefined) out.line(`             ${paint('dim', `reopen if ${reopenIf}`)}`)
  }
  for (const { version, status, author, recordedAt, firstAt, change } of versions) {
    const why = change?.because === undefined ? '' : `: ${change.because}`
    const by = change?.by === undefined ? '' : ` by ${change.by}`
    const from = firstAt ? `  (imported ${timeText(recordedAt)})` : ''
    out.line(
      `  ${paint('dim', `v${version}`)}  ${timeText(firstAt ?? recordedAt)}  ${author}  ${status}${by}${why}${from}`,
    )
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

const SIGNS = {
  new: ['+', 'good'],
  changed: ['~', 'live'],
  accepted: ['✓', 'good'],
  fulfilled: ['✓', 'good'],
  superseded: ['→', 'dim'],
  withdrawn: ['−', 'bad'],
  expired: ['−', 'dim'],
} as const satisfies Record<MemoryImported['changes'][number]['what'], readonly [string, Tone]>

const SHOWN = 200

/** What an import does, a line a change. */
export function drawImported(out: Output, imported: MemoryImported, isDryRun: boolean): void {
  const { changes, alreadyHere, conflicts } = imported
  for (const { what, item, version, subject, statement, fields, by } of changes.slice(0, SHOWN)) {
    const [sign, tone] = SIGNS[what]
    const how = what === 'changed' && fields.length > 0 ? ` (${fields.join(', ')})` : ''
    const heir = by === undefined ? '' : ` by ${by}`
    const said = shortened(`${subject}: ${statement}`, Math.max(30, out.width - 60))
    out.line(`${out.paint(tone, `${sign} ${what}`)}${heir}${how}  ${item} v${version}  ${said}`)
  }
  if (changes.length > SHOWN) out.say(`and ${changes.length - SHOWN} more`)
  for (const { subject, predicate, items } of conflicts)
    out.say(`${out.tint('warn', 'Conflict:')} ${subject}, ${predicate}: ${items.join(', ')} do not agree.`)
  const same = alreadyHere > 0 ? `; ${alreadyHere} as they are here already` : ''
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
  out.say(isDryRun ? `${count} to be made${same}. Nothing was changed.` : `${count}${same}.`)
}

/** How memory stands, what should be looked at first. */
export function drawProfile(out: Output, profile: Profile): void {
  const { scope, live, conflicts, flagged } = profile
  const kinds = Object.entries(live.byKind).map(([kind, count]) => `${count} ${kind}`)
  const where = scope === undefined ? '' : ` in ${scope}`
  out.line(
    `${out.paint('bold', `${live.count} live${where}`)}${kinds.length > 0 ? `  ${kinds.join(', ')}` : ''}`,
  )
  for (const [title, { count, items }] of [
    ['due', profile.due],
    ['to be reviewed', profile.stale],
    ['expired, and neither withdrawn nor replaced', profile.expired],
    ['waiting for a word', profile.proposed],
    ['flagged: resting on what no longer holds', flagged],
    ['never recalled, briefed or built on', profile.unused],
  ] as const) {
    if (count === 0) continue
    out.line(`\n${out.paint('bold', `${count} ${title}`)}`)
    drawItems(out, items, new Set(flagged.flags.map(({ item }) => item)))
    if (count > items.length) out.say(out.tint('dim', `and ${count - items.length} more`))
  }
  if (conflicts.length === 0) return
  out.line(`\n${out.paint('bold', `${conflicts.length} in dispute`)}`)
  drawConflicts(out, conflicts)
}
