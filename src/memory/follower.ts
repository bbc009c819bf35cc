/**
 * The index of a store, which follows its record: in this thread, or in one of its own (recall-thread.ts).
 *
 * F1. It follows by position: what was committed before a question was asked is found.
 * F2. An item is found in its newest version.
 * F3. What was erased is in no snapshot: the record is asked before one is written, and again afterwards, for another process may have
 *     erased meanwhile.
 * F4. A snapshot of another record is not used: the event it stands at has to be the one it was made of.
 */
import { encode, type Log } from '../log/index.ts'
import { endOf } from './expiry.ts'
import { itemsOf, type Recorded } from './reading.ts'
import {
  Catalogue,
  loadMeaning,
  restored,
  saved,
  type Doc,
  type Filter,
  type Hit,
  type Label,
  type Sense,
} from './search/index.ts'
import { SnapshotFile } from './snapshot-file.ts'

export interface Ask {
  readonly text: string
  readonly filter: Filter
  readonly limit: number
  /** What the text means, by an embedder. */
  readonly vector?: Int8Array
}

export type Answer = Hit & { readonly version: number }

/** Gives the vectors of texts, in their order; none at all where nobody answers. */
export type Embed = (texts: readonly string[]) => Promise<readonly (Int8Array | undefined)[]>

export interface FollowerOptions {
  readonly log: Log
  /** Where a snapshot is read from and written to, and the store's own file. */
  readonly snapshot?: { readonly path: string; readonly store: string; readonly isReadOnly: boolean }
  /** Whose vectors, where not those of the package. */
  readonly embedder?: { readonly name: string; readonly embed: Embed }
  /** Items read at a time: between two pages, others have their turn. */
  readonly page: number
}

/** So many changes, or a tenth of all, and it is written again; at the end, so few are worth it. */
const SAVE_AFTER = 5000
const SAVE_AT_END = 500
/** Texts that are embedded together. */
const BATCH = 64

export class Follower {
  readonly #options: FollowerOptions
  readonly #file: SnapshotFile | undefined
  #catalogue: Catalogue | undefined
  #seen = 0
  #tip = -1
  #unsaved = 0
  #following: Promise<void> = Promise.resolve()
  /** Items whose vectors are still to come. */
  readonly #toEmbed = new Set<string>()
  #isEmbedding = false
  #isClosed = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#file = options.snapshot && new SnapshotFile(options.snapshot.path)
  }

  get size(): number {
    return this.#catalogue?.size ?? 0
  }

  async search(ask: Ask): Promise<readonly Answer[]> {
    await this.follow()
    return this.#catalogue?.search(ask) ?? []
  }

  /** Reads on to where the record stands. One following at a time; whoever asks meanwhile is served by the next (F1). */
  follow(): Promise<void> {
    this.#following = this.#following.catch(() => {}).then(() => this.#follow())
    return this.#following
  }

  /** Takes items out, and writes the snapshot without them. */
  async forget(ids: readonly string[]): Promise<void> {
    if (!this.#catalogue) return this.#file?.remove()
    await this.#following.catch(() => {})
    for (const id of ids) this.#drop(id)
    if (!(await this.#save())) this.#file?.remove()
  }

  /** Writes what is not written yet, if it is worth it. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#following.catch(() => {})
    if (this.#unsaved >= SAVE_AT_END) await this.#save().catch(() => false)
  }

  async #follow(): Promise<void> {
    const { log, page } = this.#options
    const catalogue = (this.#catalogue ??= await this.#start())
    const tip = await log.position()
    if (tip === this.#tip || this.#isClosed) return
    for (;;) {
      const where = { position: { gt: this.#seen } }
      const rows = await log.select('items', { where, order: ['position'], limit: page })
      const newest = rows.filter((row) => row['replaced_at'] === null && row['status'] !== 'erased')
      for (const item of await itemsOf(log, newest)) this.#take(catalogue, item)
      this.#unsaved += newest.length
      this.#seen = Number(rows.at(-1)?.['position'] ?? this.#seen)
      if (rows.length < page || this.#isClosed) break // what was read so far is what a snapshot then says
      await new Promise(setImmediate) // runs, and questions that were asked before, go on meanwhile
    }
    await this.#dropErased()
    this.#tip = tip
    this.#embedSome()
    if (this.#unsaved > Math.max(SAVE_AFTER, catalogue.size / 10)) setImmediate(() => this.#saveLater())
  }

  async #start(): Promise<Catalogue> {
    const { log, embedder } = this.#options
    const sense: Sense = embedder ?? loadMeaning()
    const bytes = this.#file?.read()
    try {
      if (!bytes) return new Catalogue(sense)
      const { catalogue, seen } = restored(bytes, sense)
      const [event] = await log.eventsAt([seen.position])
      if (!event || Buffer.from(event.hash).toString('hex') !== seen.hash) return new Catalogue(sense)
      this.#seen = seen.position
      if (embedder) for (const { id } of catalogue.meaningless()) this.#toEmbed.add(id)
      return catalogue
    } catch {
      return new Catalogue(sense) // damaged, or of another version: F4 of saved.ts
    }
  }

  #take(catalogue: Catalogue, item: Recorded): void {
    catalogue.put({ doc: docOf(item), label: labelOf(item) })
    if (this.#options.embedder) this.#toEmbed.add(item.id)
  }

  #drop(id: string): boolean {
    this.#toEmbed.delete(id)
    const wasThere = this.#catalogue?.remove(id) ?? false
    if (wasThere) this.#unsaved++
    return wasThere
  }

  /** How many there were that had been erased. */
  async #dropErased(): Promise<number> {
    const where = { status: 'erased', replaced_at: null }
    const rows = await this.#options.log.select('items', { where, columns: ['item'] })
    return rows.filter((row) => this.#drop(String(row['item']))).length
  }

  /** A store that cannot be read now is met by the next question; the snapshot is only a cache. */
  #saveLater(): void {
    if (!this.#isClosed)
      this.#following = this.#following
        .then(() => this.#save())
        .then(
          () => {},
          () => {},
        )
  }

  /** False if nothing was written. */
  async #save(): Promise<boolean> {
    const { log, snapshot } = this.#options
    const catalogue = this.#catalogue
    if (!this.#file || !snapshot || snapshot.isReadOnly || !catalogue) return false
    const [event] = await log.eventsAt([this.#seen])
    if (!event) return false
    const seen = { position: this.#seen, hash: Buffer.from(event.hash).toString('hex') }
    await this.#dropErased()
    do {
      if (!this.#file.write(saved(catalogue, seen), snapshot.store)) return false
    } while ((await this.#dropErased()) > 0)
    this.#unsaved = 0
    return true
  }

  /** In the background: words find an item before its vector is there. */
  #embedSome(): void {
    const { embedder } = this.#options
    if (!embedder || this.#toEmbed.size === 0 || this.#isEmbedding) return
    this.#isEmbedding = true
    this.#embedAll(embedder.embed)
      .catch(() => {}) // a store that cannot be read now; the next following tries again
      .finally(() => (this.#isEmbedding = false))
  }

  async #embedAll(embed: Embed): Promise<void> {
    const { log } = this.#options
    while (this.#toEmbed.size > 0 && !this.#isClosed) {
      const some = [...this.#toEmbed].slice(0, BATCH)
      const rows = await log.select('items', { where: { item: { in: some }, replaced_at: null } })
      const items = await itemsOf(
        log,
        rows.filter((row) => row['status'] !== 'erased'),
      )
      const open = items.filter(({ sensitivity }) => sensitivity === 'public' || sensitivity === 'internal')
      const vectors = open.length === 0 ? [] : await embed(open.map(({ statement }) => statement))
      if (open.length > 0 && vectors.length === 0) return // nobody answers; tried again when something new is recorded
      for (const [i, { id, version }] of open.entries()) {
        const vector = vectors[i]
        if (vector) this.#catalogue?.means(id, version, vector)
      }
      for (const id of some) this.#toEmbed.delete(id)
      this.#unsaved += open.length
    }
  }
}

export function labelOf({ version, kind, status, scope, subject, validTo }: Recorded): Label {
  return { version, kind, status, scope, subject, endsAt: endOf(status, validTo) }
}

export function docOf(item: Recorded): Doc {
  const { id, subject, predicate, statement, because, value, alternatives, recordedAt } = item
  const more = [
    predicate,
    value === undefined ? undefined : typeof value === 'string' ? value : encode(value),
    ...alternatives.flatMap((one) => [one.option, one.because, one.reopenIf]),
  ]
  return {
    id,
    subject,
    statement,
    ...(because === undefined ? {} : { because }),
    more: more.filter((part) => part !== undefined).join(' '),
    at: (item.validFrom ?? recordedAt).getTime(),
  }
}
