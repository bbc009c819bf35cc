/** A run, to whoever started it or knows its id. */
import { isHandoff, type Brief, type BriefOptions } from '../continuity/index.ts'
import { textOf } from '../errors.ts'
import { AlreadyThere, eventOf, isErased, type Log, type StoredEvent } from '../log/index.ts'
import { correctedBy, feedbackOf, finished, giveFeedback, type FeedbackParts } from '../memory/index.ts'
import { questionOf } from '../oversight/index.ts'
import {
  events,
  fork,
  NotInDoubt,
  read,
  RunCancelled,
  RunEnded,
  RunErased,
  RunFailed,
  RunHalted,
  RunNotFound,
  type MessageBody,
  type Resolution,
  type Waiting,
} from '../run/index.ts'
import type { Feedback, GivenFeedback } from '../task/index.ts'
import { BadRequest, Closed } from './errors.ts'
import type { Ids } from './ids.ts'
import { checkPayload } from './payload.ts'
import { runRow, type RunRow, type RunStatus } from './rows.ts'
import { isOver, type Watchers } from './watchers.ts'

export interface HandleOptions {
  readonly log: Log
  readonly watchers: Watchers
  readonly newId: Ids
  readonly now: FeedbackParts['now']
  readonly wake: (runId: string) => void
  readonly brief: (runId: string, options?: BriefOptions) => Promise<Brief>
  readonly codeFor: FeedbackParts['codeFor']
  readonly isClosed: () => boolean
}

export class RunHandle<Output = unknown> {
  readonly id: string
  readonly #options: HandleOptions

  constructor(id: string, options: HandleOptions) {
    this.id = id
    this.#options = options
  }

  /** What the run is doing. @throws {RunNotFound} */
  async status(): Promise<RunStatus> {
    return (await this.#row()).status
  }

  /** Everything `runs.list` says of it. @throws {RunNotFound} */
  async info(): Promise<RunRow> {
    return this.#row()
  }

  /** The output, once the run has ended. @throws {RunFailed} @throws {RunCancelled} @throws {RunHalted} @throws {RunErased} */
  async result(): Promise<Output> {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const stopWatching = this.#options.watchers.watch(this.id, resolve)
    try {
      const { status } = await this.#row()
      if (status === 'erased') throw new RunErased(this.id)
      if (!isOver(status)) await ended
    } finally {
      stopWatching()
    }
    const last = await this.#last()
    if (last && isErased(last)) throw new RunErased(this.id)
    switch (last?.kind) {
      case events.runDone.name:
        return read(events.runDone, last).v as Output // validated against the task's schema before it was recorded
      case events.runFailed.name:
        throw new RunFailed(this.#ending(read(events.runFailed, last)))
      case events.runCancelled.name:
        throw new RunCancelled(this.#ending({ mode: 'cancelled', e: read(events.runCancelled, last).reason }))
      case events.runHalted.name:
        throw new RunHalted(this.#ending(read(events.runHalted, last)))
      default:
        return this.result() // lifted in the meantime
    }
  }

  /** Sends a message to the run's `ctx.wait(name)`; the same id is sent once. @throws {InvalidValue} if an open wait's schema refuses it */
  async signal(name: string, payload?: unknown, options: { readonly id?: string } = {}): Promise<void> {
    if (isHandoff('wait', name))
      throw new BadRequest(
        `${this.id} is taken over by acknowledging a brief of it, not by a message: throughline brief ${this.id}, then throughline ack.`,
        { run: this.id, name },
      )
    const question = questionOf(name)
    if (question !== undefined)
      throw new BadRequest(
        `${this.id} waits for the answer to a question, not for a message: throughline inbox show ${question}, then throughline inbox answer, or tl.inbox.answer().`,
        { run: this.id, question },
      )
    const row = await this.#alive('signalled')
    checkPayload(this.id, row.waiting, name, payload)
    await this.#send({ kind: 'signal', id: options.id ?? this.#options.newId('msg'), name, payload })
  }

  /** Asks the run to stop: its children are cancelled, its compensations run. */
  async cancel(reason = 'cancelled on request'): Promise<void> {
    await this.#alive('cancelled')
    await this.#send({ kind: 'cancel', id: this.#options.newId('cancel'), reason })
  }

  /** Lifts a halt: the run goes on from where it stood. A run that merely waits is woken. */
  async resume(): Promise<void> {
    const row = await this.#alive('resumed')
    if (row.status === 'halted') await this.#send({ kind: 'resume', id: this.#options.newId('resume') })
    else this.#options.wake(this.id)
  }

  /** Settles an effect in doubt: it happened (with this value), it did not (it may be tried again), or it failed. @throws {NotInDoubt} */
  async resolve(step: string, outcome: Resolution): Promise<void> {
    const { waiting, chapter } = await this.#alive('resolved')
    const inDoubt = waiting.filter((one) => one.kind === 'in_doubt')
    const doubt =
      inDoubt.find((one) => keyInDoubt(one) === step) ??
      inDoubt.find(
        ({ name, ordinal }) => name === step || (ordinal === undefined && step.startsWith(`${name}#`)),
      )
    if (!doubt)
      throw new NotInDoubt(
        this.id,
        step,
        inDoubt.map((one) => keyInDoubt(one) ?? one.name),
      )
    const attempt = doubt.attempt ?? 1
    const id = this.#options.newId('resolve')
    const named = keyInDoubt(doubt) ?? step
    await this.#send({ kind: 'resolve', id, step: named, attempt, chapter, outcome })
  }

  /**
   * A person's correction of the output, or several that are recorded together or not at all. What the task's rule or `asConvention`
   * makes of it goes into working memory in the same commit. @throws {BadFeedback} @throws {FeedbackStale} @throws {NoOutput}
   */
  feedback(correction: GivenFeedback): Promise<Feedback>
  feedback(corrections: readonly GivenFeedback[]): Promise<readonly Feedback[]>
  async feedback(given: GivenFeedback | readonly GivenFeedback[]): Promise<Feedback | readonly Feedback[]> {
    await this.#row()
    const recorded = await giveFeedback(this.#options, this.id, isList(given) ? given : [given])
    if (isList(given)) return recorded
    const [only] = recorded
    if (!only) throw new RunNotFound(this.id) // pruned a moment after it was recorded
    return only
  }

  /** What people have corrected, oldest first. @throws {RunNotFound} */
  async corrections(): Promise<readonly Feedback[]> {
    await this.#row()
    return feedbackOf(this.#options.log, this.id)
  }

  /** The output as people have corrected it; `result` stays what the run gave. @throws {NoOutput} */
  async corrected(): Promise<Output> {
    await this.#row()
    const { output } = await finished(this.#options.log, this.id)
    return correctedBy(output, await this.corrections()) as Output // whoever corrects keeps its shape
  }

  /** What whoever takes the run over is given. @throws {BriefTooLarge} */
  brief(options?: BriefOptions): Promise<Brief> {
    return this.#options.brief(this.id, options)
  }

  /** Every event of the run, chapter after chapter. */
  async *history(): AsyncGenerator<StoredEvent> {
    const { chapter } = await this.#row()
    for (let i = 1; i <= chapter; i++)
      for await (const page of this.#options.log.read(events.chapterStream(this.id, i))) yield* page
  }

  /** The run's events as they are committed, from the first; ends with the run, or when `signal` aborts. */
  async *events(signal: AbortSignal = new AbortController().signal): AsyncGenerator<StoredEvent> {
    const { log } = this.#options
    let wake = () => {}
    const stop = log.onCommit(() => wake())
    const abort = () => wake()
    signal.addEventListener('abort', abort)
    try {
      let seq = 0
      for (let chapter = 1; !signal.aborted && !this.#options.isClosed();) {
        const committed = new Promise<void>((resolve) => (wake = resolve))
        let last: StoredEvent | undefined
        for await (const page of log.read(events.chapterStream(this.id, chapter), seq + 1)) {
          yield* page
          last = page.at(-1)
          seq = last?.seq ?? seq
        }
        if (last?.kind === events.runRestarted.name) {
          chapter++
          seq = 0
        } else if (last && ENDS.has(last.kind)) return
        else if (!last && !signal.aborted) await committed
      }
    } finally {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }

  /** A new run with this one's history up to a step (`name` or `name#2`) or an event's number. @throws {ForkPointNotFound} */
  async fork(options: { readonly at: string | number }): Promise<RunHandle<Output>> {
    const { log, newId, wake } = this.#options
    const { chapter, status } = await this.#row()
    if (status === 'erased') throw new RunErased(this.id)
    const id = await fork({
      log,
      runId: this.id,
      stream: events.chapterStream(this.id, chapter),
      at: options.at,
      newId,
    })
    wake(id)
    return new RunHandle<Output>(id, this.#options)
  }

  async #send(body: MessageBody): Promise<void> {
    const event = eventOf(events.messageSent, body)
    try {
      await this.#options.log.commit({
        appends: [{ stream: events.inboxOf(this.id), expected: 'any', events: [event] }],
      })
    } catch (error) {
      if (!(error instanceof AlreadyThere)) throw error // the same id: it was sent before
    }
    this.#options.wake(this.id)
  }

  async #last(): Promise<StoredEvent | undefined> {
    const { log } = this.#options
    const stream = events.chapterStream(this.id, (await this.#row()).chapter)
    const head = await log.head(stream)
    for await (const page of log.read(stream, head?.seq ?? 1)) return page.at(-1)
    return undefined
  }

  #ending(end: { readonly mode: string; readonly e: unknown }) {
    return {
      runId: this.id,
      mode: end.mode,
      cause: end.e,
      message: end.e instanceof Error ? end.e.message : textOf(end.e),
    }
  }

  async #alive(what: string): Promise<RunRow> {
    const row = await this.#row()
    if (row.status === 'erased') throw new RunErased(this.id)
    if (row.endedAt) throw new RunEnded(this.id, row.status, what)
    return row
  }

  async #row(): Promise<RunRow> {
    if (this.#options.isClosed()) throw new Closed()
    const [row] = await this.#options.log.select('runs', { where: { run: this.id } })
    if (!row) throw new RunNotFound(this.id)
    return runRow(row)
  }
}

const isList = (given: GivenFeedback | readonly GivenFeedback[]): given is readonly GivenFeedback[] =>
  Array.isArray(given)

/** Two uses of a name may be in doubt at once. Undefined for a record older than that was known. */
const keyInDoubt = ({ name, ordinal }: Waiting) => (ordinal === undefined ? undefined : `${name}#${ordinal}`)

const ENDS: ReadonlySet<string> = new Set(
  [events.runDone, events.runFailed, events.runCancelled, events.runHalted].map((kind) => kind.name),
)
