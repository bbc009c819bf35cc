/** `telemetry(tl, …)`: OpenTelemetry as a view of the record. */
import { systemClock, type Clock, type Log } from '../log/index.ts'
import type { Destination, Resource } from './destination.ts'
import { asksForTelemetry, fromEnvironment } from './environment.ts'
import { BadTelemetry } from './errors.ts'
import { Own, type Exporter, type Meters } from './exporter.ts'
import { CONVENTIONS, MAPPING_VERSION } from './mapping.ts'
import { Otlp } from './otlp.ts'
import { Sender, senderName } from './sender.ts'

export interface TelemetryOptions {
  /** An OTLP receiver, such as `http://localhost:4318`: traces and metrics go there as JSON over HTTP. That of `OTEL_EXPORTER_OTLP_ENDPOINT` unless told. */
  readonly endpoint?: string
  /** Sent with each request to the endpoint, for a key for instance; added to those of `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of an endpoint: any `SpanExporter` of OpenTelemetry. It stays yours: shut it down after `close()`. */
  readonly exporter?: Exporter
  /** In place of an endpoint: what metrics are recorded with. */
  readonly meterProvider?: Meters
  /** Whether what people, models and tools said is sent as well: messages, arguments and results, the texts of errors. False unless told. */
  readonly content?: boolean
  /** What the process says of itself: `service.name`, `deployment.environment.name`. */
  readonly resource?: Readonly<Record<string, string>>
  /** Names the place it goes to, where there are several: each remembers how far it was sent. `default` unless told. */
  readonly name?: string
  /** How long what is to be sent is gathered; 5,000 ms unless told. */
  readonly everyMs?: number
  /** Of several processes that send from one store, one does; how long it may be silent before this one takes over: 30,000 ms unless told. */
  readonly lateMs?: number
  /** Where to begin in a store from which nothing was sent yet: with what comes from `now` on, unless told. */
  readonly from?: 'beginning' | 'now'
  /** Told what cannot be sent, and why; a line on stderr unless told. */
  readonly logger?: { warn(message: string): void }
  readonly clock?: Clock
}

export interface Telemetry extends AsyncDisposable {
  /** Resolves once it is known from where on the record is sent: what comes after that is not missed. */
  readonly started: Promise<void>
  /** Sends what is on the record by now; resolves after `withinMs` (10 s) at the latest. */
  flush(withinMs?: number): Promise<void>
  /** Sends what is on the record by now, and stops. Call it before `tl.close()`. */
  close(withinMs?: number): Promise<void>
}

const PATIENCE_MS = 10_000
const LATE_MS = 30_000
const COMMAND_PATIENCE_MS = 3000
const SOON_MS = 1000

/**
 * Sends what the record says as traces and metrics, by the GenAI conventions of OpenTelemetry.
 *
 * @example
 * await using sending = telemetry(tl, { endpoint: 'http://localhost:4318' })
 * @throws {BadTelemetry} if nobody says where to
 */
export function telemetry(tl: { readonly log: Log }, options: TelemetryOptions = {}): Telemetry {
  const { name = 'default', everyMs = 5000, clock = systemClock } = options
  if (!/^[\w.-]{1,100}$/.test(name))
    throw new BadTelemetry(
      `A place's name is of letters, digits, "-", "_" and "."; got ${JSON.stringify(name)}.`,
    )
  if (!(everyMs > 0)) throw new BadTelemetry(`everyMs is to be a number above 0; got ${String(everyMs)}.`)
  const by = senderName()
  const given = fromEnvironment(process.env, options.endpoint)
  const resource: Resource = {
    attributes: {
      'service.name': 'throughline',
      'service.instance.id': by,
      'throughline.conventions': CONVENTIONS,
      ...given.resource,
      ...options.resource,
    },
  }
  const sender = new Sender({
    log: tl.log,
    clock,
    destination: destinationOf(options, given, resource, clock),
    name,
    by,
    hasContent: options.content ?? given.hasContent,
    everyMs,
    lateMs: options.lateMs ?? LATE_MS,
    from: options.from ?? 'now',
    warn: (message) =>
      options.logger
        ? options.logger.warn(message)
        : void process.stderr.write(`throughline warning: ${message}\n`),
  })
  let closing: Promise<void> | undefined
  const close = (withinMs = PATIENCE_MS): Promise<void> => (closing ??= sender.close(withinMs))
  return {
    started: sender.started,
    flush: (withinMs = PATIENCE_MS) => sender.flush(withinMs),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

/** What `OTEL_…` asks for; nothing if it asks for nothing. */
export function telemetryFromEnvironment(
  tl: { readonly log: Log },
  logger: { warn(message: string): void },
): Telemetry | undefined {
  if (!asksForTelemetry(process.env)) return undefined
  const sending = telemetry(tl, { logger, everyMs: SOON_MS })
  // A command ends when its work is done: a receiver that does not answer is not waited for.
  return { ...sending, [Symbol.asyncDispose]: () => sending.close(COMMAND_PATIENCE_MS) }
}

function destinationOf(
  options: TelemetryOptions,
  given: ReturnType<typeof fromEnvironment>,
  resource: Resource,
  clock: Clock,
): Destination {
  const { exporter, meterProvider } = options
  const scope = { name: 'throughline', version: MAPPING_VERSION }
  if (exporter || meterProvider) {
    if (options.endpoint !== undefined)
      throw new BadTelemetry('Give an endpoint, or an exporter and a meterProvider of your own; not both.')
    if (exporter && typeof exporter.export !== 'function')
      throw new BadTelemetry('The exporter has no method "export"; give a SpanExporter of OpenTelemetry.')
    return new Own({ exporter, meterProvider, resource, scope })
  }
  const { traces, metrics, headers, timeoutMs, isCompressed } = given
  if (traces === undefined && metrics === undefined)
    throw new BadTelemetry(
      'Nobody says where telemetry goes. Give telemetry(tl, { endpoint: "http://localhost:4318" }), or an exporter, or set OTEL_EXPORTER_OTLP_ENDPOINT.',
    )
  const all = { ...headers, ...options.headers }
  return new Otlp({ traces, metrics, headers: all, timeoutMs, isCompressed, resource, scope, clock })
}
