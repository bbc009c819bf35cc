/** What is asked of Restate's admin API, and what its answers mean. */
import { messageOf } from '../../errors.ts'
import { RestateRefused } from './errors.ts'
import type { Admin, Registered } from './wire.ts'

/** Restate answers, with an error that may pass. */
export class Unwell extends Error {}

const PATIENCE_MS = 10_000

export async function deploymentsOf(admin: string, signal: AbortSignal): Promise<readonly Registered[]> {
  const { deployments } = (await askAdmin(admin, 'GET', '/deployments', signal)) as {
    readonly deployments: readonly Registered[] // what the admin API documents
  }
  return deployments
}

/** The admin API at an address. */
export function httpAdmin(address: string): Admin {
  return {
    address,
    deployments: (signal) => deploymentsOf(address, signal),
    async services(signal) {
      const { services } = (await askAdmin(address, 'GET', '/services', signal)) as {
        readonly services: readonly { readonly name: string; readonly deployment_id: string }[] // what the admin API documents
      }
      return services
    },
    async register(uri, signal) {
      await askAdmin(address, 'POST', '/deployments', signal, { uri, force: true })
    },
  }
}

export function sameAddress(one: string | undefined, other: string): boolean {
  return one !== undefined && URL.parse(one)?.href === URL.parse(other)?.href
}

/** What the admin API answers to a request. @throws {RestateRefused} @throws {Unwell} */
export async function askAdmin(
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
  // Restate passes on what this worker answered it.
  if (text.includes("'401 Unauthorized'"))
    throw new RestateRefused(
      admin,
      'its calls are not signed with any of the identity keys that this worker was given.',
    )
  // Not content with what it found: nothing changes by itself. The rest are outages.
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && answer.status !== 408)
    throw new RestateRefused(admin, textOf(text), { status: answer.status })
  throw new Unwell(`${answer.status}: ${textOf(text)}`)
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
export function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}
