/**
 * One chapter of a run, folded from its events into spans and measurements.
 *
 * T1. What is told depends on the record alone: another process, or the same after a restart, tells the same spans under the same ids.
 * T2. A span is told when it has ended, once. What is still open when the run ends, ends with it.
 * T3. Nothing of a run is told before it is on the record, and nothing of what never got there.
 * T4. Of what a fork took over from another run nothing is told: it is told there.
 */
import { decode, type StoredEvent } from '../log/index.ts'
import { attemptOf, attemptSpans, type Attempt } from './attempts.ts'
import { Content } from './content.ts'
import { errorType, textOfError } from './error-type.ts'
import { NOTES, OPERATIONS, runSpan, type Mapping, type Operation } from './mapping.ts'
import { measured, measuredNote, measuredRun } from './measures.ts'
import {
  given,
  spanIdOf,
  traceIdOf,
  type Attributes,
  type Measurement,
  type SpanData,
  type SpanRef,
  type Telling,
} from './span.ts'

type Event = Pick<StoredEvent, 'stream' | 'kind' | 'name' | 'ordinal' | 'seq' | 'at' | 'body' | 'actor'>

/** Where a run hangs: the trace it is part of, the span above it, and the one it comes from. */
export interface Origin {
  readonly traceId: string
  readonly parentSpanId?: string
  readonly link?: SpanRef
}

export interface Started {
  readonly run: string
  readonly task: string
  readonly version: string
  readonly chapter: number
  readonly scope?: string
  readonly thread?: string
  readonly parent?: { readonly run: string; readonly step: string; readonly isAwaited?: boolean }
  readonly forkedFrom?: { readonly run: string; readonly at: string }
}

/** A call of an operation, under way. */
interface Open {
  readonly mapping: Mapping
  readonly kind: string
  readonly path: string
  readonly key: string
  readonly firstAt: number
  readonly said: Record<string, Readonly<Record<string, unknown>>>
  /** When tries began, where that is on the record. */
  readonly begun: number[]
  readonly attempts: Attempt[]
  readonly happened: { readonly name: string; readonly atMs: number; readonly attributes: Attributes }[]
}

const SEPARATOR = ' › '
const MOST_HAPPENED = 64
const ENDS: Readonly<Record<string, string>> = {
  'run.done': 'done',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'run.restarted': 'restarted',
}
/** Where the two chapters of a run are told apart. */
const rootOf = (started: Started): string =>
  started.chapter === 1 ? spanIdOf('run', started.run) : spanIdOf('run', started.run, started.chapter)

/** The span of a call of a child, which both sides can compute. */
export const callSpanId = (caller: string, operation: string, child: string): string =>
  spanIdOf('call', caller, operation, child)

export class RunTrace {
  readonly #started: Started
  readonly #origin: Origin
  readonly #at: number
  /** Where it is asked for. */
  readonly #content: Content | undefined
  readonly #settings = new Map<string, Readonly<Record<string, unknown>>>()
  readonly #open = new Map<string, Open>()
  readonly #happened: Open['happened'] = []
  #isCopying: boolean
  #modelCalls = 0
  #costUsd = 0
  #seq: number
  #isOver = false

  constructor(started: Started, first: Event, origin: Origin, content: boolean) {
    this.#started = started
    this.#at = first.at
    this.#seq = first.seq
    this.#origin = origin
    this.#content = content ? new Content() : undefined
    this.#isCopying = started.forkedFrom !== undefined
  }

  /** Nothing comes after this. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** The last event it was given. */
  get seq(): number {
    return this.#seq
  }

  /** What an event, the next of its stream, brings to be told. */
  take(event: Event): Telling {
    this.#seq = event.seq
    if (event.kind === 'run.forked') this.#isCopying = false
    if (event.kind.startsWith('model.') || event.kind.startsWith('tool.')) this.#learn(event)
    if (event.name !== undefined && event.ordinal !== undefined)
      return this.#operation(event, event.name, event.ordinal)
    const end = ENDS[event.kind]
    if (end !== undefined) return this.#end(event, end)
    if (event.kind === 'run.halted') return this.#halted(event)
    if (event.kind === 'run.claimed' || event.kind === 'run.resumed' || event.kind === 'run.stalled')
      this.#happen(this.#happened, event, event.kind)
    return this.#note(event)
  }

  #learn(event: Event): void {
    const body = bodyOf(event)
    this.#content?.learn(event.kind, body)
    if (event.kind === 'model.settings' && typeof body['digest'] === 'string')
      this.#settings.set(body['digest'], briefly(body['packed']))
  }

  #operation(event: Event, path: string, ordinal: number): Telling {
    const [kind, what] = split(event.kind)
    const name = path.split(SEPARATOR).at(-1) ?? path
    const known = kind === 'keep' ? keepKind(name) : kind
    const mapping = OPERATIONS[known]
    const key = `${path}#${ordinal}`
    const isKnown =
      mapping && (what in mapping.ends || what === mapping.attempted || mapping.opens?.includes(what))
    if (!mapping || !isKnown) return this.#note(event)
    const body = bodyOf(event)
    const open = this.#open.get(key) ?? {
      mapping,
      kind: known,
      path,
      key,
      firstAt: event.at - (typeof body['ms'] === 'number' && mapping.opens === undefined ? body['ms'] : 0),
      said: {},
      begun: [],
      attempts: [],
      happened: [],
    }
    this.#open.set(key, open)
    open.said[what] = body
    if (what === mapping.attempted) open.attempts.push(attemptOf(event.at, body))
    const end = mapping.ends[what]
    if (end === undefined) {
      if (what === 'asked' || what === 'called') open.begun.push(event.at)
      else if (what !== mapping.attempted && open.firstAt < event.at)
        this.#happen(open.happened, event, event.kind)
      return NOTHING
    }
    this.#open.delete(key)
    if (known === 'model') this.#modelCalls++
    if (known === 'model' && typeof body['costUsd'] === 'number') this.#costUsd += body['costUsd']
    return this.#isCopying
      ? NOTHING
      : this.#told(open, event.at, {
          isError: end === 'failed' || failedChild(body) || text(body['mode']) !== undefined,
          body,
        })
  }

  /** An operation that has ended, with its attempts, if it took several. */
  #told(
    open: Open,
    at: number,
    outcome: {
      readonly isError: boolean
      readonly body: Readonly<Record<string, unknown>>
      readonly isUnfinished?: true
    },
  ): Telling {
    const { mapping, kind, key, attempts } = open
    const operation = this.#asked(open)
    const { body } = outcome
    const tookMs = typeof body['ms'] === 'number' ? body['ms'] : 0
    const startMs = Math.min(open.firstAt, at - (attempts.length > 0 ? 0 : tookMs), attempts[0]?.at ?? at)
    const failure = outcome.isError ? failureOf(kind, body) : undefined
    const attributes = given({
      ...mapping.attributes(operation),
      ...this.#common(),
      ...this.#content?.attributes(kind, operation.name, open.said),
      'throughline.operation.path': kind.startsWith('keep') ? undefined : open.path,
      'throughline.unfinished': outcome.isUnfinished,
      'error.type': failure?.type,
      'throughline.failure.mode': failure?.mode,
    })
    const child = text(open.said['started']?.['run'])
    const spanId =
      child === undefined
        ? spanIdOf('operation', this.#stream, key)
        : callSpanId(this.#started.run, key, child)
    const span: SpanData = {
      traceId: this.#origin.traceId,
      spanId,
      parentSpanId: this.#above(open.path),
      name: mapping.span(operation),
      kind: mapping.spanKind ?? 'internal',
      startMs,
      endMs: at,
      attributes,
      isError: outcome.isError,
      message: this.#content !== undefined && outcome.isError ? textOfError(body['e']) : undefined,
      links:
        kind === 'spawn' && child !== undefined
          ? [{ traceId: traceIdOf(child), spanId: spanIdOf('run', child) }]
          : [],
      events: open.happened,
    }
    const tries =
      attempts.length === 0
        ? []
        : attemptSpans(span, {
            begun: open.begun,
            failed: attempts,
            errorOfLast: failure?.type,
            stream: this.#stream,
            key,
            common: this.#common(),
            isContentTold: this.#content !== undefined,
          })
    return { spans: [...tries, span], measurements: measured(kind, operation, span) }
  }

  #end(event: Event, status: string): Telling {
    this.#isOver = true
    if (this.#isCopying) return NOTHING
    const body = bodyOf(event)
    const spans: SpanData[] = []
    for (const open of this.#open.values())
      spans.push(...this.#told(open, event.at, { isError: false, body: {}, isUnfinished: true }).spans)
    this.#open.clear()
    const { task, version, chapter, parent, forkedFrom } = this.#started
    const { name, attributes } = runSpan(task, version, this.#modelCalls > 0)
    const isError = status === 'failed'
    const span: SpanData = {
      traceId: this.#origin.traceId,
      spanId: rootOf(this.#started),
      parentSpanId: chapter === 1 ? this.#origin.parentSpanId : rootOf({ ...this.#started, chapter: 1 }),
      name,
      kind: 'internal',
      startMs: this.#at,
      endMs: event.at,
      attributes: given({
        ...attributes,
        ...this.#common(),
        'gen_ai.conversation.id': this.#started.thread,
        'throughline.run.status': status,
        'throughline.run.chapter': chapter,
        'throughline.run.parent': parent?.run,
        'throughline.run.forked_from': forkedFrom?.run,
        'throughline.run.model_calls': this.#modelCalls,
        'throughline.run.cost_usd': this.#modelCalls > 0 ? this.#costUsd : undefined,
        'error.type': isError ? (text(body['mode']) ?? errorType(body['e'])) : undefined,
      }),
      isError,
      message: this.#content !== undefined && isError ? textOfError(body['e']) : undefined,
      links: this.#origin.link && chapter === 1 ? [this.#origin.link] : [],
      events: this.#happened,
    }
    const measurements = status === 'restarted' ? [] : measuredRun(span, task)
    return { spans: [...spans, span], measurements }
  }

  /** A person can lift a halt, so the run's own span waits for its end; that it stands is told at once. */
  #halted(event: Event): Telling {
    if (this.#isCopying) return NOTHING
    const body = bodyOf(event)
    const type = text(body['mode']) ?? errorType(body['e'])
    this.#happen(this.#happened, event, event.kind)
    const span = this.#moment(
      event,
      'halted',
      { 'throughline.run.status': 'halted', 'error.type': type },
      true,
      body['e'],
    )
    return { spans: [span], measurements: measuredNote('run.halted', this.#started.task, { mode: type }) }
  }

  #note(event: Event): Telling {
    const note = Object.hasOwn(NOTES, event.kind) ? NOTES[event.kind] : undefined
    if (!note || this.#isCopying) return NOTHING
    const body = bodyOf(event)
    const span = this.#moment(event, note.span, note.attributes(body), note.isError === true, undefined)
    return { spans: [span], measurements: measuredNote(event.kind, this.#started.task, body) }
  }

  #moment(event: Event, name: string, attributes: Attributes, isError: boolean, error: unknown): SpanData {
    return {
      traceId: this.#origin.traceId,
      spanId: spanIdOf('event', this.#stream, event.seq),
      parentSpanId: rootOf(this.#started),
      name,
      kind: 'internal',
      startMs: event.at,
      endMs: event.at,
      attributes: given({ ...attributes, ...this.#common() }),
      isError,
      message: this.#content !== undefined && isError ? textOfError(error) : undefined,
      links: [],
      events: [],
    }
  }

  get #stream(): string {
    const { run, chapter } = this.#started
    return `${run}~${chapter}`
  }

  #common(): Attributes {
    const { run, task, version } = this.#started
    return { 'throughline.run.id': run, 'throughline.task.name': task, 'throughline.task.version': version }
  }

  #asked({ kind, path, said }: Open): Operation {
    const { task, scope, thread } = this.#started
    const settings = this.#settings.get(text(said['asked']?.['settings']) ?? '') ?? {}
    return { kind, name: path.split(SEPARATOR).at(-1) ?? path, task, scope, thread, said, settings }
  }

  /** The tool whose function performs it, else the run. */
  #above(path: string): string {
    for (let end = path.lastIndexOf(SEPARATOR); end > 0; end = path.lastIndexOf(SEPARATOR, end - 1)) {
      const key = path.slice(0, end)
      if (this.#open.get(key)?.kind === 'tool') return spanIdOf('operation', this.#stream, key)
    }
    return rootOf(this.#started)
  }

  #happen(happened: Open['happened'], event: Event, name: string): void {
    if (happened.length < MOST_HAPPENED)
      happened.push({ name: `throughline.${name}`, atMs: event.at, attributes: {} })
  }
}

const NOTHING: Telling = { spans: [], measurements: [] as readonly Measurement[] }

function split(kind: string): readonly [string, string] {
  const dot = kind.indexOf('.')
  return dot < 0 ? [kind, ''] : [kind.slice(0, dot), kind.slice(dot + 1)]
}

/** `decide vendor:acme` is `keep.decide`; what nobody knows is `keep`. */
function keepKind(name: string): string {
  const kind = `keep.${name.split(' ', 1)[0] ?? ''}`
  return kind in OPERATIONS ? kind : 'keep'
}

/** What is erased says nothing. */
function bodyOf({ body }: Event): Readonly<Record<string, unknown>> {
  try {
    const value = decode(body)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

/** Of the settings of a request what is told of it: not its prompt, nor its tools. */
function briefly(packed: unknown): Readonly<Record<string, unknown>> {
  if (typeof packed !== 'object' || packed === null) return {}
  const {
    system: _system,
    tools: _tools,
    providerOptions: _options,
    responseFormat,
    ...rest
  } = packed as Record<string, unknown>
  const format =
    typeof responseFormat === 'object' && responseFormat !== null && 'type' in responseFormat
      ? { responseFormat: { type: responseFormat.type } }
      : {}
  return { ...rest, ...format }
}

const failedChild = (body: Readonly<Record<string, unknown>>): boolean =>
  typeof body['status'] === 'string' && body['status'] !== 'done' && 'e' in body

function failureOf(
  kind: string,
  body: Readonly<Record<string, unknown>>,
): { readonly type: string; readonly mode: string | undefined } {
  const mode = text(body['mode'])
  const type =
    'e' in body
      ? errorType(body['e'])
      : kind === 'wait' || kind === 'question'
        ? 'timeout'
        : (mode ?? '_OTHER')
  return { type, mode }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
