/** Bodies of 1 KiB and more: compressed, and stored once within their erasure domain (I10). Those of one batch, numbered from 1. */
import { addressOf, packBlob } from '../blob.ts'

export interface Domain {
  readonly id: number
  readonly key: Uint8Array
}

export interface Blob {
  readonly domain: number
  readonly address: Uint8Array
  readonly size: number
  readonly bytes: Uint8Array
}

/** A domain that has not been read yet; whoever prepares a batch reads it, and prepares again. */
export class DomainUnknown extends Error {
  readonly domain: string
  constructor(domain: string) {
    super(domain)
    this.domain = domain
  }
}

export class Bodies {
  readonly blobs: Blob[] = []
  readonly #domains: ReadonlyMap<string, Domain>
  readonly #numbers = new Map<string, number>()

  constructor(domains: ReadonlyMap<string, Domain>) {
    this.#domains = domains
  }

  /** The number of the body's blob; the same body of the same domain has one. @throws {DomainUnknown} */
  put(text: string, domain: string): number {
    const known = this.#domains.get(domain)
    if (!known) throw new DomainUnknown(domain)
    const body = Buffer.from(text)
    const address = addressOf(body, known.key)
    const name = `${known.id} ${Buffer.from(address).toString('latin1')}`
    const number = this.#numbers.get(name)
    if (number !== undefined) return number
    this.blobs.push({ domain: known.id, address, size: body.length, bytes: packBlob(body) })
    this.#numbers.set(name, this.blobs.length)
    return this.blobs.length
  }
}
