/**
 * `tl.threads`: lines of work, put down and picked up.
 *
 * T1. Every version is an event, whole; a version is made from the one that was read, and whoever made it meanwhile wins.
 */
import { anew, bodyOf, eventOf, type Log, type Row, type Test } from '../log/index.ts'
import { ThreadChanged, ThreadNotFound, ThreadOver } from './errors.ts'
import { threadRecorded, threadStream } from './events.ts'
import {
  newThread,
  nextThread,
  textOf,
  type OpenThread,
  type Thread,
  type ThreadChange,
  type ThreadState,
} from './thread.ts'

/** Who says so, and what was read. */
export interface Said {
  /** A person or a program, as the record is to name them; `person` unless told. */
  readonly by?: string
  /** The version that was read: refused if there is a later one. */
  readonly version?: number
}

export interface ThreadsQuery {
  /** Those that are not done unless told. */
  readonly state?: ThreadState | readonly ThreadState[]
  readonly scope?: string
  /** 100 unless told, 1,000 at most. */
  readonly limit?: number
  /** From the page before. */
  readonly cursor?: string
}

/** A thread, and when this version of it was recorded. */
export interface RecordedThread extends Thread {
  readonly recordedAt: Date
}

export interface ThreadsPage {
  readonly threads: readonly RecordedThread[]
  /** Give it to get the next page; undefined on the last. */
  readonly cursor: string | undefined
}

export class Threads {
  readonly #log: Log
  readonly #newId: (prefix: string) => string

  constructor(log: Log, newId: (prefix: string) => string) {
    this.#log = log
    this.#newId = newId
  }

  /** Opens one; runs are attached to it by `start(…, { thread })`. @throws {BadThread} */
  async open(input: OpenThread, { by = 'person' }: Pick<Said, 'by'> = {}): Promise<Thread> {
    const thread = newThread(this.#newId('thr'), input, textOf('by', by))
    await this.#append(thread)
    return thread
  }

  /** Puts it down, and says why, until when, and what is next. @throws {ThreadNotFound} @throws {ThreadOver} @throws {ThreadChanged} */
  async park(id: string, change: ThreadChange & Said & { readonly because: string }): Promise<Thread> {
    textOf('because', change.because)
    return this.#change(id, 'parked', change)
  }

  /** Picks it up again. @throws {ThreadNotFound} @throws {ThreadOver} @throws {ThreadChanged} */
  resume(id: string, change: Omit<ThreadChange, 'until'> & Said = {}): Promise<Thread> {
    return this.#change(id, 'open', change)
  }

  /** It is done; say what came of it. @throws {ThreadNotFound} @throws {ThreadOver} @throws {ThreadChanged} */
  close(id: string, change: Pick<ThreadChange, 'because'> & Said = {}): Promise<Thread> {
    return this.#change(id, 'done', change)
  }

  /** As it stands. @throws {ThreadNotFound} */
  get(id: string): Promise<RecordedThread> {
    return threadById(this.#log, id)
  }

  /** Every version, oldest first. @throws {ThreadNotFound} */
  async history(id: string): Promise<readonly RecordedThread[]> {
    const rows = await this.#log.select('threads', { where: { thread: id }, order: ['version'] })
    if (rows.length === 0) throw new ThreadNotFound(id)
    return threadsOf(this.#log, rows)
  }

  /** Newest change first, a page at a time. */
  async list(query: ThreadsQuery = {}): Promise<ThreadsPage> {
    const limit = Math.min(1000, Math.max(1, query.limit ?? 100))
    const where: Record<string, Test> = {
      replaced_at: null,
      state: { in: [query.state ?? (['open', 'parked'] as const)].flat() },
      ...(query.scope === undefined ? {} : { scope: query.scope }),
      ...(query.cursor === undefined ? {} : { position: { lt: Number(query.cursor) } }),
    }
    const rows = await this.#log.select('threads', {
      where,
      order: [{ desc: 'position' }],
      limit: limit + 1,
    })
    const page = rows.slice(0, limit)
    return {
      threads: await threadsOf(this.#log, page),
      cursor: rows.length > limit ? String(page.at(-1)?.['position']) : undefined,
    }
  }

  /** Made anew from what the store holds, if others were quicker: a version that was named is then refused by name. */
  async #change(
    id: string,
    state: ThreadState,
    { by = 'person', version, ...change }: ThreadChange & Said,
  ): Promise<Thread> {
    textOf('by', by)
    return anew(async () => {
      const { recordedAt: _recordedAt, ...thread } = await threadById(this.#log, id)
      if (version !== undefined && version !== thread.version) throw new ThreadChanged(id, version, thread)
      if (thread.state === 'done') throw new ThreadOver(id)
      const next = nextThread(thread, state, change, by)
      await this.#append(next)
      return next
    })
  }

  async #append(thread: Thread): Promise<void> {
    const { id, version, goal } = thread
    const kept = Object.fromEntries(Object.entries(thread).filter(([, value]) => value !== undefined))
    const event = eventOf(
      threadRecorded,
      { thread: { ...kept, id, version, goal } },
      undefined,
      thread.author,
    )
    await this.#log.commit({ appends: [{ stream: threadStream(id), expected: 'any', events: [event] }] })
  }
}

/** A thread as it stands. @throws {ThreadNotFound} */
export async function threadById(log: Log, id: string): Promise<RecordedThread> {
  const rows = await log.select('threads', { where: { thread: id, replaced_at: null } })
  const [thread] = await threadsOf(log, rows)
  if (!thread) throw new ThreadNotFound(id)
  return thread
}

/** What a run is attached to: it must be there, and not be done. @throws {ThreadNotFound} @throws {ThreadOver} */
export async function openThread(log: Log, id: string): Promise<Thread> {
  const thread = await threadById(log, id)
  if (thread.state === 'done') throw new ThreadOver(id)
  return thread
}

async function threadsOf(log: Log, rows: readonly Row[]): Promise<RecordedThread[]> {
  const events = await log.eventsAt(rows.map((row) => Number(row['position'])))
  return events.map((event) => {
    const { thread } = bodyOf(threadRecorded, event)
    return { ...BLANK, ...thread, recordedAt: new Date(event.at) }
  })
}

/** What a version that says nothing of a field means. */
const BLANK = {
  state: 'open',
  nextAction: undefined,
  waitingOn: undefined,
  scope: '',
  dueAt: undefined,
  until: undefined,
  because: undefined,
  author: '',
} as const
