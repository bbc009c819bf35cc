/** OpenTelemetry's own variables, as its specification has them. */
import { BadTelemetry } from './errors.ts'

export interface Given {
  readonly traces: string | undefined
  readonly metrics: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly isCompressed: boolean
  readonly hasContent: boolean
  readonly resource: Readonly<Record<string, string>>
}

type Environment = Readonly<Record<string, string | undefined>>

const TIMEOUT_MS = 10_000

/** Whether the variables ask for anything to be sent. */
export function asksForTelemetry(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false
  const told = [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  ]
  return told.some((name) => (env[name] ?? '').trim() !== '')
}

/** @throws {BadTelemetry} */
export function fromEnvironment(env: Environment, endpoint?: string): Given {
  const base = endpoint ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']
  const isOff = (signal: string) =>
    endpoint === undefined && env[`OTEL_${signal}_EXPORTER`]?.trim() === 'none'
  const of = (signal: string, path: string): string | undefined => {
    const own = endpoint === undefined ? env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]?.trim() : undefined
    if (isOff(signal)) return undefined
    if (own) return address(own)
    return base?.trim() ? address(`${base.trim().replace(/\/+$/, '')}/${path}`) : undefined
  }
  const timeout = Number(env['OTEL_EXPORTER_OTLP_TIMEOUT'])
  const name = env['OTEL_SERVICE_NAME']?.trim()
  return {
    traces: of('TRACES', 'v1/traces'),
    metrics: of('METRICS', 'v1/metrics'),
    headers: pairs('OTEL_EXPORTER_OTLP_HEADERS', env['OTEL_EXPORTER_OTLP_HEADERS']),
    timeoutMs: timeout > 0 ? timeout : TIMEOUT_MS,
    isCompressed: env['OTEL_EXPORTER_OTLP_COMPRESSION']?.trim() === 'gzip',
    hasContent: ['true', 'span_only', 'span_and_event'].includes(
      env['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT']?.trim().toLowerCase() ?? '',
    ),
    resource: {
      ...pairs('OTEL_RESOURCE_ATTRIBUTES', env['OTEL_RESOURCE_ATTRIBUTES']),
      ...(name ? { 'service.name': name } : {}),
    },
  }
}

function address(text: string): string {
  const isAddress = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
  if (!isAddress)
    throw new BadTelemetry(
      `"${text}" is no address of an OTLP receiver. Give one such as http://localhost:4318.`,
    )
  return text
}

/** `a=1,b=2`, values percent-encoded. */
function pairs(name: string, text: string | undefined): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const pair of (text ?? '').split(',').filter((one) => one.trim() !== '')) {
    const at = pair.indexOf('=')
    const key = pair.slice(0, at).trim()
    if (at < 0 || key === '')
      throw new BadTelemetry(
        `${name} has to be of the form key=value,key=value; one of its parts has no "=".`,
      )
    found[key] = decoded(pair.slice(at + 1).trim())
  }
  return found
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
