/**
 * `ctx.context`: a conversation, and what of it a model is shown.
 *
 * W1. Adding is no operation: a body that is run again adds the same again. Making the window smaller is one, and what it came to is
 *     applied from the record, live and replayed alike.
 * W2. Never more is given out than may be: a window that cannot be made small enough is an error, after one try.
 */
import type { ModelMessage } from 'ai'
import type {
  Compacted,
  Compaction,
  ContextWindow,
  Dropped,
  Reported,
  WindowOptions,
} from '../../task/index.ts'
import { withoutBodies } from './compaction.ts'
import { Entries, type Entry } from './entries.ts'
import { BadMessage } from './errors.ts'
import { Estimate } from './estimate.ts'
import type { CompactedBody } from './events.ts'
import { headOf } from './head.ts'
import { ownShare } from './matching.ts'
import { measured } from './measure.ts'
import type { Message } from './message.ts'
import { byDefault, checkCompaction, whole } from './strategy.ts'

/** The window as a compaction finds it. */
export interface Stand {
  readonly entries: readonly Entry[]
  /** By our table, without the head. */
  readonly sum: number
  readonly summary: string | undefined
  readonly gone: number
  readonly estimate: (own: number) => number
}

/** Makes it smaller, on the record. @throws {ContextOverflow} */
export type Compact = (
  stand: Stand,
  strategy: Compaction,
  limit: number | undefined,
  options: WindowOptions,
) => Promise<CompactedBody>

export interface Parts {
  readonly compact: Compact
  /** Items of memory as lines. */
  readonly lines: (kept: CompactedBody['kept']) => Promise<readonly string[]>
  /** Another window of the same run. */
  readonly open: (options: WindowOptions) => ManagedWindow
}

export class ManagedWindow implements ContextWindow {
  readonly #parts: Parts
  readonly #options: WindowOptions
  readonly #entries = new Entries()
  readonly #estimate = new Estimate()
  readonly #dropped = new Map<string, Dropped>()
  #head: Message | undefined
  #summary: string | undefined
  /** What was given out last: a report is about that. */
  #shown: readonly Message[] = []
  #compacting: Promise<unknown> | undefined

  constructor(parts: Parts, options: WindowOptions) {
    this.#parts = parts
    this.#options = checked(options)
  }

  add(
    messages: ModelMessage | readonly ModelMessage[],
    options: Parameters<ContextWindow['add']>[1] = {},
  ): readonly string[] {
    const { priority = 0, pin = false, kind, id } = options
    if (typeof priority !== 'number' || Number.isNaN(priority))
      throw new BadMessage(`priority must be a number; got ${String(priority)}.`)
    if (id !== undefined && (typeof id !== 'string' || !/^[\w.:@/-]{1,100}$/.test(id)))
      throw new BadMessage(
        `id must be 1 to 100 letters, digits, or any of . : @ / _ -; got ${JSON.stringify(id)}.`,
      )
    const isKept = kind !== undefined && (this.#options.keep ?? []).includes(kind)
    const about = { id, priority, isPinned: pin || isKept, isQuestion: kind === 'question' && !isKept }
    return this.#entries.add([messages].flat(), about).map((entry) => entry.id)
  }

  async messages({ maxTokens }: { readonly maxTokens?: number } = {}): Promise<ModelMessage[]> {
    const { compaction = byDefault } = this.#options
    const given = maxTokens === undefined ? undefined : whole('maxTokens', maxTokens, 1)
    const limit = Math.min(this.limit ?? Infinity, given ?? Infinity)
    for (;;) {
      await this.#settled()
      if (this.tokens <= limit) return this.#giveOut()
      await this.#makeSmaller(compaction, limit)
    }
  }

  async compact(strategy?: Compaction): Promise<Compacted> {
    const { compaction = byDefault } = this.#options
    const chosen = strategy === undefined ? compaction : checkCompaction(strategy)
    while (this.#compacting) await this.#settled()
    const { strategy: name, before, after, dropped, kept } = await this.#makeSmaller(chosen, this.limit)
    return {
      strategy: name,
      before,
      after,
      dropped: dropped.map(droppedOf),
      kept: kept.map(([id, version]) => ({ id, version })),
    }
  }

  resolve(id: string): void {
    const entry = this.#entries.find(id)
    if (!entry) throw new BadMessage(`There is no message "${id}" in this window.`, { id })
    entry.isQuestion = false
  }

  fetch(id: string): ModelMessage | undefined {
    return this.#entries.find(id)?.message as ModelMessage | undefined // as it was added
  }

  reported({ inputTokens, messages, model }: Reported): void {
    if (this.#shown.length === 0 || !Number.isFinite(inputTokens)) return
    const share = ownShare(this.#shown, messages)
    if (share) this.#estimate.learn({ ...share, theirs: inputTokens }, model)
  }

  get tokens(): number {
    return this.#entries.shown.length === 0 ? 0 : this.#estimate.of(this.#sum)
  }

  get limit(): number | undefined {
    return this.#options.maxTokens
  }

  get dropped(): readonly Dropped[] {
    return [...this.#dropped.values()]
  }

  open(options: WindowOptions = {}): ManagedWindow {
    return this.#parts.open(options)
  }

  get #sum(): number {
    return this.#entries.sum + (this.#head ? measured(this.#head) : 0)
  }

  #giveOut(): ModelMessage[] {
    const shown = this.#entries.shown.map((entry) => entry.shown)
    const first = shown.findIndex(({ role }) => role !== 'system')
    if (this.#head) shown.splice(first < 0 ? shown.length : first, 0, this.#head)
    this.#shown = shown
    return [...shown] as ModelMessage[] // what was added, and a head of the same shape
  }

  /** No compaction is under way any more; how it ended is for whoever asked for it. */
  async #settled(): Promise<void> {
    await this.#compacting?.then(undefined, () => {})
  }

  async #makeSmaller(strategy: Compaction, limit: number | undefined): Promise<CompactedBody> {
    const work = this.#compactNow(strategy, limit).finally(() => (this.#compacting = undefined))
    this.#compacting = work
    return work
  }

  async #compactNow(strategy: Compaction, limit: number | undefined): Promise<CompactedBody> {
    const stand: Stand = {
      entries: [...this.#entries.shown],
      sum: this.#entries.sum,
      summary: this.#summary,
      gone: this.#gone,
      estimate: (own) => this.#estimate.of(own),
    }
    const body = await this.#parts.compact(stand, strategy, limit, this.#options)
    const lines = await this.#parts.lines(body.kept)
    this.#apply(body)
    this.#summary = body.summary
    this.#head = headOf({ gone: this.#gone, lines, summary: body.summary })
    return body
  }

  get #gone(): number {
    let gone = 0
    for (const { as } of this.#dropped.values()) if (as !== 'emptied') gone++
    return gone
  }

  #apply({ dropped }: CompactedBody): void {
    const out: Entry[] = []
    for (const one of dropped) {
      const [id, as] = one
      const entry = this.#entries.find(id)
      if (!entry) continue // the code that is run again adds it no more
      this.#dropped.delete(id)
      this.#dropped.set(id, droppedOf(one))
      if (as === 'emptied') this.#entries.show(entry, withoutBodies(entry))
      else out.push(entry)
    }
    this.#entries.leaveOut(out)
  }
}

const droppedOf = ([id, as, digest, tokens]: CompactedBody['dropped'][number]): Dropped => ({
  id,
  as,
  digest,
  tokens,
})

/** @throws {BadWindow} */
function checked(options: WindowOptions): WindowOptions {
  const { maxTokens, compaction } = options
  if (maxTokens !== undefined) whole('maxTokens', maxTokens, 1)
  if (compaction !== undefined) checkCompaction(compaction)
  return options
}
