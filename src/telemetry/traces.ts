/**
 * The runs that are told of, by their streams.
 *
 * A run seen in the middle is read from its beginning first: a process that goes on where another stopped tells what that one would have.
 */
import { decode, type Log, type StoredEvent } from '../log/index.ts'
import { callSpanId, RunTrace, type Origin, type Started } from './run-trace.ts'
import { spanIdOf, traceIdOf, type Telling } from './span.ts'

/** Kept in memory; another is read again when it goes on. */
const MOST_RUNS = 1000
const MOST_CONTENT = 100
const MOST_ORIGINS = 10_000
/** Calls within calls; deeper ones begin a trace of their own. */
const DEEPEST = 100

const NOTHING: Telling = { spans: [], measurements: [] }

export class Traces {
  readonly #log: Log
  readonly #hasContent: boolean
  readonly #runs = new Map<string, RunTrace>()
  readonly #traceIds = new Map<string, string>()

  constructor(log: Log, hasContent: boolean) {
    this.#log = log
    this.#hasContent = hasContent
  }

  /** What an event brings to be told. Events of a stream are given in their order. */
  async of(event: StoredEvent): Promise<Telling> {
    if (!isOfRun(event.stream)) return NOTHING
    const known = this.#runs.get(event.stream)
    const run = known && known.seq >= event.seq - 1 ? known : await this.#readUpTo(event)
    if (!run || run.seq >= event.seq) return NOTHING // its beginning: told at its end
    this.#keep(event.stream, run)
    const telling = run.take(event)
    if (run.isOver) this.#runs.delete(event.stream)
    return telling
  }

  #keep(stream: string, run: RunTrace): void {
    this.#runs.delete(stream)
    this.#runs.set(stream, run) // last in the order: used last
    const oldest = this.#runs.keys().next().value
    if (this.#runs.size > (this.#hasContent ? MOST_CONTENT : MOST_RUNS) && oldest !== undefined)
      this.#runs.delete(oldest)
  }

  /** The chapter as it was before this event. */
  async #readUpTo(event: StoredEvent): Promise<RunTrace | undefined> {
    let run: RunTrace | undefined
    if (event.seq === 1) return await this.#begun(event)
    for await (const page of this.#log.read(event.stream))
      for (const one of page) {
        if (one.seq >= event.seq) return run
        if (one.seq === 1) {
          run = await this.#begun(one)
          if (!run) return undefined
        } else run?.take(one)
      }
    return run
  }

  async #begun(event: StoredEvent): Promise<RunTrace | undefined> {
    const started = startedOf(event)
    return started && new RunTrace(started, event, await this.#originOf(started), this.#hasContent)
  }

  /**
   * A child that is called is part of what its caller took, so it is in its caller's trace. One that is spawned goes its own way, often
   * long after its parent ended: it has a trace of its own, linked to the span that spawned it. So does a fork, to its original.
   */
  async #originOf({ run, parent, forkedFrom }: Started): Promise<Origin> {
    const own = traceIdOf(run)
    if (forkedFrom) {
      const { run: original } = forkedFrom
      return {
        traceId: own,
        link: { traceId: await this.#traceIdOf(original), spanId: spanIdOf('run', original) },
      }
    }
    if (!parent) return { traceId: own }
    const above = {
      traceId: await this.#traceIdOf(parent.run),
      spanId: callSpanId(parent.run, parent.step, run),
    }
    return parent.isAwaited
      ? { traceId: above.traceId, parentSpanId: above.spanId }
      : { traceId: own, link: above }
  }

  /** That of the run at the top of its callers; its own where nobody can say any more. */
  async #traceIdOf(run: string, depth = 0): Promise<string> {
    const known = this.#traceIds.get(run)
    if (known !== undefined) return known
    const started = await this.#firstOf(run)
    const caller =
      started?.forkedFrom === undefined && started?.parent?.isAwaited ? started.parent.run : undefined
    const traceId =
      caller === undefined || depth > DEEPEST ? traceIdOf(run) : await this.#traceIdOf(caller, depth + 1)
    if (this.#traceIds.size >= MOST_ORIGINS) this.#traceIds.clear()
    this.#traceIds.set(run, traceId)
    return traceId
  }

  async #firstOf(run: string): Promise<Started | undefined> {
    for await (const [first] of this.#log.read(run)) return first && startedOf(first)
    return undefined
  }
}

/** Streams of runs end in no slash, and an inbox is none of their chapters. */
const isOfRun = (stream: string): boolean => !stream.endsWith('/') && !stream.endsWith('/inbox')

/** Nothing of what is no run, was pruned at its beginning, or was erased. */
function startedOf({ kind, seq, body }: StoredEvent): Started | undefined {
  if (kind !== 'run.started' || seq !== 1) return undefined
  try {
    const started = decode(body)
    return typeof started === 'object' && started !== null && 'run' in started
      ? (started as Started)
      : undefined
  } catch {
    return undefined
  }
}
