/**
 * Finding items by what they say: filters first, then ranking.
 *
 * R1. The index follows the record by position: what was committed before it was asked is found.
 * R2. An item is found in its newest version. What was found is named by id and version, and said by the record.
 * R3. Everything found says why: which words, in which field, and what they were taken for.
 */
import { encode, type Log } from '../log/index.ts'
import type { Found, ItemStatus, RecallQuery } from '../task/index.ts'
import { scopesAbove } from './item.ts'
import { itemsAsOf, itemsOf, listItems, type ItemsQuery, type Recorded } from './reading.ts'
import type { Doc, Hit, SearchIndex } from './search/index.ts'

/** What was found, by name: what a run records of it. */
export interface Named {
  readonly id: string
  readonly version: number
  readonly score: number
  readonly why: Found['why']
}

interface Known {
  readonly version: number
  readonly kind: string
  readonly status: string
  readonly scope: string
  readonly subject: string
}

const LIMIT = 10
const MOST = 200
const PAGE = 500

const recalls = new WeakMap<Log, Recall>()

/** The one of a store: its index is made once. */
export function recallOf(log: Log): Recall {
  const known = recalls.get(log) ?? new Recall(log)
  recalls.set(log, known)
  return known
}

export class Recall {
  readonly #log: Log
  readonly #known = new Map<string, Known>()
  #index: SearchIndex | undefined
  #seen = 0
  #following: Promise<void> = Promise.resolve()

  constructor(log: Log) {
    this.#log = log
  }

  /** The items that answer best, best first; without a query, the newest that fit. */
  async find(query: RecallQuery): Promise<readonly Found[]> {
    const limit = limitOf(query)
    if (query.asOf !== undefined) return this.#findAsOf(query, query.asOf, limit)
    if (query.query === undefined) {
      const { items } = await listItems(this.#log, { ...filtersOf(query), limit })
      return items.map((item) => ({ item, score: 0, why: [] }))
    }
    return this.said(await this.#search(query.query, query, limit))
  }

  /** Of what `find` would give: the names. */
  async names(query: RecallQuery): Promise<readonly Named[]> {
    const found = await this.find(query)
    return found.map(({ item, score, why }) => ({ id: item.id, version: item.version, score, why }))
  }

  /** What was named, as the record has it; what was erased since is left out. */
  async said(named: readonly Named[]): Promise<readonly Found[]> {
    const rows = await this.#log.select('items', { where: { item: { in: named.map(({ id }) => id) } } })
    const wanted = new Set(named.map(({ id, version }) => `${id}@${version}`))
    const items = await itemsOf(
      this.#log,
      rows.filter(
        (row) => row['status'] !== 'erased' && wanted.has(`${String(row['item'])}@${String(row['version'])}`),
      ),
    )
    const byId = new Map(items.map((item) => [item.id, item]))
    return named.flatMap(({ id, score, why }) => {
      const item = byId.get(id)
      return item ? [{ item, score, why }] : []
    })
  }

  async #search(text: string, query: RecallQuery, limit: number): Promise<readonly Named[]> {
    await this.#follow()
    const fits = filterOf(query)
    const allowed = (id: string) => {
      const known = this.#known.get(id)
      return known !== undefined && fits(known)
    }
    const hits = this.#index?.search(text, { limit, allowed }) ?? []
    return hits.map((hit) => named(hit, this.#known.get(hit.id)?.version ?? 1))
  }

  /** What was believed then is ranked by itself: today's index does not know it. */
  async #findAsOf(query: RecallQuery, date: Date, limit: number): Promise<readonly Found[]> {
    const items = await itemsAsOf(this.#log, date, filtersOf(query))
    if (query.query === undefined) return items.slice(0, limit).map((item) => ({ item, score: 0, why: [] }))
    const index = await newIndex()
    for (const item of items) index.put(docOf(item))
    const byId = new Map(items.map((item) => [item.id, item]))
    return index.search(query.query, { limit }).flatMap(({ id, score, why }) => {
      const item = byId.get(id)
      return item ? [{ item, score, why: why.terms }] : []
    })
  }

  /** One following at a time; whoever asks meanwhile is served by the next (R1). */
  #follow(): Promise<void> {
    this.#following = this.#following.catch(() => {}).then(() => this.#followNow())
    return this.#following
  }

  async #followNow(): Promise<void> {
    this.#index ??= await newIndex()
    for (;;) {
      const where = { position: { gt: this.#seen } }
      const rows = await this.#log.select('items', { where, order: ['position'], limit: PAGE })
      const newest = rows.filter((row) => row['replaced_at'] === null)
      for (const item of await itemsOf(this.#log, newest)) {
        if (item.status === 'erased') {
          this.#index.remove(item.id)
          this.#known.delete(item.id)
          continue
        }
        this.#index.put(docOf(item))
        const { version, kind, status, scope, subject } = item
        this.#known.set(item.id, { version, kind, status, scope, subject })
      }
      this.#seen = Number(rows.at(-1)?.['position'] ?? this.#seen)
      if (rows.length < PAGE) return
      await new Promise(setImmediate) // runs go on meanwhile
    }
  }
}

/** Loaded when something is first searched for. */
async function newIndex(): Promise<SearchIndex> {
  const { SearchIndex } = await import('./search/index.ts')
  return new SearchIndex()
}

const named = ({ id, score, why }: Hit, version: number): Named => ({ id, version, score, why: why.terms })

function docOf(item: Recorded): Doc {
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

const limitOf = ({ limit = LIMIT }: RecallQuery): number => Math.min(MOST, Math.max(1, Math.trunc(limit)))

function filtersOf({ kinds, status, subject, scope }: RecallQuery): ItemsQuery {
  return {
    ...(kinds ? { kinds } : {}),
    ...(status ? { status } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** The same filters, over what is known here. */
function filterOf({ kinds, status = 'active', subject, scope }: RecallQuery): (known: Known) => boolean {
  const [statuses, scopes] = [
    new Set<string>([status].flat() satisfies ItemStatus[]),
    scope === undefined ? undefined : new Set(scopesAbove(scope)),
  ]
  return (known) =>
    statuses.has(known.status) &&
    (kinds === undefined || kinds.some((kind) => kind === known.kind)) &&
    (subject === undefined || subject === known.subject) &&
    (scopes === undefined || scopes.has(known.scope))
}
