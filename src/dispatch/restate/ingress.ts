/**
 * Sending wake-ups to Restate over HTTP.
 *
 * S1. A wake-up with a key that Restate has seen lately is one with that: many senders, one call.
 * S2. Nothing here is needed for a run to go on in the end: what could not be sent is sent by the next sweep.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { serviceName } from './service-name.ts'
import type { Ingress, Sent, WakeUp } from './wire.ts'

const CONNECTIONS = 64
const PATIENCE_MS = 10_000
const SHOWN = 200

export class HttpIngress implements Ingress {
  readonly #address: string
  readonly #store: string
  readonly #agent: HttpAgent | HttpsAgent
  readonly #request: typeof httpRequest

  constructor(address: string, store: string) {
    this.#address = address
    this.#store = store
    const isTls = address.startsWith('https:')
    const settings = { keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'lifo' } as const
    this.#agent = isTls ? new HttpsAgent(settings) : new HttpAgent(settings)
    this.#request = isTls ? httpsRequest : httpRequest
  }

  send({ run, task, version, key, delayMs, isLate }: WakeUp): Promise<Sent> {
    const delay = delayMs > 0 ? `?delay=${Math.ceil(delayMs)}ms` : ''
    const url = `${this.#address}/${serviceName(task, version)}/${encodeURIComponent(run)}/advance/send${delay}`
    const body = JSON.stringify({ store: this.#store, ...(isLate ? { isLate } : {}) })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': `${this.#store}/${run}/${key}`,
    }
    return new Promise((resolve, reject) => {
      const asked = this.#request(
        url,
        { method: 'POST', agent: this.#agent, headers, timeout: PATIENCE_MS },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (part: string) => (text += part))
          answer.once('error', reject)
          answer.once('end', () => {
            const status = answer.statusCode ?? 0
            if (status < 300) resolve('sent')
            else if (status === 404) resolve('unknown')
            else reject(new Error(`${this.#address} answered ${status}: ${text.slice(0, SHOWN)}`))
          })
        },
      )
      asked.once('timeout', () => asked.destroy(new Error(`${this.#address} does not answer`)))
      asked.once('error', reject)
      asked.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
