/** Bodies of 1 KiB and more: compressed, and stored once within their erasure domain (I10). */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { addressOf, packBlob } from '../blob.ts'

export class Bodies {
  readonly #domains = new Map<string, { readonly id: number; readonly key: Uint8Array }>()
  readonly #findDomain
  readonly #addDomain
  readonly #share
  readonly #add

  constructor(db: DatabaseSync) {
    this.#findDomain = db.prepare('SELECT id, key FROM domains WHERE name = ?')
    this.#addDomain = db.prepare('INSERT INTO domains (name, key) VALUES (?, ?) RETURNING id')
    this.#share = db.prepare('UPDATE blobs SET refs = refs + 1 WHERE domain = ? AND address = ? RETURNING id')
    this.#add = db.prepare(
      'INSERT INTO blobs (domain, address, refs, size, bytes) VALUES (?, ?, 1, ?, ?) RETURNING id',
    )
  }

  /** Where the body now lies; the same body of the same domain always lies in one place. */
  put(text: string, domain: string): number {
    const body = Buffer.from(text)
    const { id, key } = this.#domain(domain)
    const address = addressOf(body, key)
    const shared = this.#share.get(id, address)
    return Number((shared ?? this.#add.get(id, address, body.length, packBlob(body)))?.['id'])
  }

  /** A rolled-back transaction may have taken a new domain with it. */
  forget(): void {
    this.#domains.clear()
  }

  #domain(name: string) {
    const known = this.#domains.get(name)
    if (known) return known
    const row = this.#findDomain.get(name)
    const key = row ? (row['key'] as Uint8Array) : randomBytes(32)
    const domain = { id: Number(row ? row['id'] : this.#addDomain.get(name, key)?.['id']), key }
    this.#domains.set(name, domain)
    return domain
  }
}
