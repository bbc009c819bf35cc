/**
 * A run, and its children, as they happen.
 *
 * V1. A line an operation; where the task reports progress, or a map has many branches, one line that is rewritten instead
 *     of a line for each step that went well.
 * V2. On no terminal there is no rewritten line: every operation has its own.
 */
import { events, isErased, read, type StoredEvent, type Throughline } from '../app/index.ts'
import { lineOf } from './event-line.ts'
import { lengthText } from './moment.ts'
import type { Output } from './output.ts'
import { openChildren } from './rest.ts'

const SEPARATOR = ' › '
const BAR = 24

export class Live {
  readonly #out: Output
  readonly #depths = new Map<string, number>()
  readonly #labels = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  readonly #startedAt = new Map<string, number>()
  #progress: { readonly done: number; readonly total?: number; readonly note?: string } | undefined

  constructor(out: Output) {
    this.#out = out
  }

  /** Shows this run from now on; `label` tells several apart. */
  async add(tl: Throughline, runId: string, label = '', depth = 0): Promise<void> {
    this.#depths.set(runId, depth)
    this.#labels.set(runId, label)
    for (const child of await openChildren(tl, runId)) await this.add(tl, child.id, label, depth + 1)
  }

  /** Shows everything committed after `from`, until `signal` aborts. */
  async watch(tl: Throughline, from: number, signal: AbortSignal): Promise<void> {
    for await (const event of tl.follow(from, signal)) this.see(event)
    this.#out.status(undefined)
  }

  see(event: StoredEvent): void {
    const run = event.stream.replace(/~\d+$/, '')
    const depth = this.#depths.get(run)
    if (depth === undefined || isErased(event)) return
    const label = this.#labels.get(run) ?? ''
    if (event.kind === events.callStarted.name) {
      const child = read(events.callStarted, event).run
      this.#depths.set(child, depth + 1)
      this.#labels.set(child, label)
    }
    if (event.kind === events.runProgress.name) return this.#report(read(events.runProgress, event))
    const key = `${event.stream} ${event.name ?? ''}#${event.ordinal ?? 1}`
    if (event.kind.endsWith('.started') || event.kind.endsWith('.opened')) this.#startedAt.set(key, event.at)
    const line = lineOf(event)
    if (!line) return
    if (line.tone === 'good' && this.#isCounted(event)) return this.#count(event)
    if (
      line.tone === 'good' &&
      this.#out.isWatched &&
      this.#progress &&
      event.kind === events.stepCompleted.name
    )
      return
    const since = this.#startedAt.get(key)
    const ms = line.ms ?? (line.tone === 'good' && since !== undefined ? event.at - since : undefined)
    const time = ms === undefined ? '' : `  ${this.#out.tint('dim', lengthText(ms))}`
    this.#out.say(
      `${label === '' ? '' : `${this.#out.tint('dim', label)}  `}${'  '.repeat(depth)}${this.#out.tint(line.tone, line.glyph)} ${line.text}${time}`,
    )
  }

  /** Steps within branches of a map are counted where somebody watches; those of all and race are few and named. */
  #isCounted(event: StoredEvent): boolean {
    if (!this.#out.isWatched || !event.name?.includes(SEPARATOR)) return false
    return !/^(all|race)(›\d+)?$/.test(event.name.split(SEPARATOR).at(-3) ?? '')
  }

  #count(event: StoredEvent): void {
    const group = event.name?.split(SEPARATOR)[0] ?? ''
    const count = (this.#counts.get(group) ?? 0) + 1
    this.#counts.set(group, count)
    if (this.#progress === undefined)
      this.#out.status(`${GROUP} ${group}  ${count}  ${event.name?.split(SEPARATOR)[1] ?? ''}`)
  }

  #report(progress: { readonly done: number; readonly total?: number; readonly note?: string }): void {
    // Of a run that goes on, what is replayed counts from one again; the bar does not go back.
    const done = Math.max(
      progress.done,
      this.#progress?.total === progress.total ? (this.#progress?.done ?? 0) : 0,
    )
    this.#progress = { ...progress, done }
    const isOver = progress.total !== undefined && done >= progress.total
    this.#out.status(isOver ? undefined : barText(this.#progress))
    if (isOver) this.#progress = undefined
  }
}

const GROUP = '▸'

/** `━━━━━━────────  54/138  picomatch`. */
export function barText({ done, total, note = '' }: { done: number; total?: number; note?: string }): string {
  const text = note.replace(/\p{Cc}+/gu, ' ')
  if (total === undefined || !(total > 0)) return `${GROUP} ${done}  ${text}`
  const filled = Math.max(0, Math.min(BAR, Math.round((done / total) * BAR)))
  return `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)} ${String(done).padStart(String(total).length)}/${total}  ${text}`
}
