/** How a run stands, in a word or a few. */
import type { RunRow, RunStatus, Waiting } from '../app/index.ts'
import { shortened } from './json.ts'
import { fromNow } from './moment.ts'
import type { Output, Tone } from './output.ts'

const MARKS: Readonly<Record<RunStatus, readonly [glyph: string, tone: Tone]>> = {
  queued: ['·', 'dim'],
  running: ['▸', 'live'],
  waiting: ['◷', 'live'],
  done: ['✓', 'good'],
  failed: ['✗', 'bad'],
  cancelled: ['–', 'warn'],
  halted: ['!', 'warn'],
  erased: ['∅', 'dim'],
}

/** `✓ done`, coloured. */
export function markOf(status: RunStatus, paint: Output['paint']): string {
  const [glyph, tone] = MARKS[status]
  return paint(tone, `${glyph} ${status}`)
}

/** `◷ waiting  message "approve", until in 2 d`. */
export function statusText(row: RunRow, now: number, paint: Output['paint']): string {
  const why = row.note ?? (row.status === 'waiting' ? waitingText(row.waiting, now) : (row.message ?? ''))
  return `${markOf(row.status, paint)}${why === '' ? '' : `  ${shortened(why, 70)}`}`
}

export function waitingText(waiting: readonly Waiting[], now: number): string {
  const [first] = waiting
  if (!first) return ''
  const more = waiting.length > 1 ? ` and ${waiting.length - 1} more` : ''
  const due = first.due === undefined ? '' : fromNow(first.due, now)
  switch (first.kind) {
    case 'sleep':
      return `sleeps "${first.name}", wakes ${due}${more}`
    case 'retry':
      return `tries "${first.name}" again ${due}${more}`
    case 'wait':
      return `message "${first.name}"${due === '' ? '' : `, gives up ${due}`}${more}`
    case 'in_doubt':
      return `"${first.name}" is in doubt${more}`
    case 'task':
      return `code of task ${first.name}${more}`
    case 'call':
      return `child "${first.name}"${more}`
  }
}
