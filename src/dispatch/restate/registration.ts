/**
 * Making this worker known to Restate.
 *
 * R1. The services behind an address only ever grow: workers of two releases behind one address would be sent each other's runs.
 * R2. While Restate does not answer, it is asked again, for as long as it takes; that is said once, and that it answered, too.
 */
import { messageOf } from '../../errors.ts'
import { RestateRefused } from './errors.ts'

export interface RegistrationOptions {
  readonly admin: string
  /** Where Restate reaches the workers. */
  readonly address: string
  readonly services: readonly string[]
  readonly told: (message: string) => void
}

interface Deployment {
  readonly id: string
  readonly uri?: string
  readonly services: readonly { readonly name: string }[]
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000
const PATIENCE_MS = 10_000
const SAY_AFTER = 3

/** Resolves once it is registered. @throws {RestateRefused} */
export async function register(options: RegistrationOptions, signal: AbortSignal): Promise<void> {
  const { admin, told } = options
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      await registerOnce(options, signal)
      if (tries > SAY_AFTER) told(`Restate at ${admin} answers; this worker is registered.`)
      return
    } catch (error) {
      if (error instanceof RestateRefused || signal.aborted) throw error
      if (tries === SAY_AFTER)
        told(`Restate at ${admin} does not answer (${reasonOf(error)}); this worker waits until it does.`)
    }
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1))
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs)
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}

async function registerOnce(options: RegistrationOptions, signal: AbortSignal): Promise<void> {
  const { admin, address, services } = options
  const { deployments } = (await ask(admin, 'GET', '/deployments', signal)) as {
    readonly deployments: readonly Deployment[] // what the admin API documents
  }
  const own = deployments.find(
    ({ uri }) => uri !== undefined && URL.parse(uri)?.href === URL.parse(address)?.href,
  )
  const before = new Set(own?.services.map(({ name }) => name))
  const lacking = [...before].filter((name) => !services.includes(name))
  if (lacking.length > 0)
    throw new RestateRefused(
      admin,
      `${address} is registered with ${lacking.join(', ')}, which this worker has no code for. Give each release an address of its own (--address), or remove the old one once its runs are done: restate deployments remove ${own?.id ?? ''} --force.`,
      { address, lacking },
    )
  if (before.size === services.length) return
  await ask(admin, 'POST', '/deployments', signal, { uri: address, force: true })
}

async function ask(
  admin: string,
  method: string,
  path: string,
  given: AbortSignal,
  body?: unknown,
): Promise<unknown> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)])
  const answer = await fetch(admin + path, {
    method,
    signal,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text)
  // It reached us, or tried to, and was not content: nothing changes by itself. The rest are outages.
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && answer.status !== 408)
    throw new RestateRefused(admin, textOf(text), { status: answer.status })
  throw new Error(`${answer.status}: ${textOf(text)}`)
}

function textOf(answer: string): string {
  try {
    const { message } = JSON.parse(answer) as { readonly message?: unknown } // checked below
    return typeof message === 'string' ? message : answer
  } catch {
    return answer
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}
