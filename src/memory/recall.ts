/**
 * Finding items by what they say: filters first, then ranking.
 *
 * R1. The index follows the record by position: what was committed before it was asked is found.
 * R2. An item is found in its newest version. What was found is named by id and version, and said by the record.
 * R3. Everything found says why: which words, in which field, and what they were taken for; or how near it is in meaning.
 * R4. Whatever the index says, nothing is shown that the record does not have: what was erased since is left out.
 */
import type { Log } from '../log/index.ts'
import type { Found, ItemStatus, RecallQuery } from '../task/index.ts'
import { asAt } from './expiry.ts'
import { Desk, type Serving } from './desk.ts'
import { embedWith, QUESTION_MS } from './embedder.ts'
import { scopesAbove } from './item.ts'
import { itemsAsOf, itemsOf, listItems, type ItemsQuery, type Recorded } from './reading.ts'
import type { Filter } from './search/index.ts'
import { tagged } from './tag.ts'

/** What was found, by name: what a run records of it. */
export interface Named {
  readonly id: string
  readonly version: number
  readonly score: number
  readonly why: Found['why']
}

const LIMIT = 10
const MOST = 200
/** Items of another time that are indexed before others have their turn. */
const AT_ONCE = 50

const recalls = new WeakMap<Log, Recall>()

/** The one of a store: its index is made once. */
export function recallOf(log: Log): Recall {
  const known = recalls.get(log) ?? new Recall(log, {})
  recalls.set(log, known)
  return known
}

/** Says what recall may use of a store: before anything is asked. Gives what ends it. */
export function serveRecall(log: Log, serving: Serving): () => Promise<void> {
  const recall = new Recall(log, serving)
  recalls.set(log, recall)
  return () => recall.close()
}

export class Recall {
  readonly #log: Log
  readonly #serving: Serving
  readonly #desk: Desk

  constructor(log: Log, serving: Serving) {
    this.#log = log
    this.#serving = serving
    this.#desk = new Desk(log, serving)
  }

  /** The items that answer best, best first; without a query, the newest that fit. What has expired by `now` is not live. */
  async find(query: RecallQuery, now: number): Promise<readonly Found[]> {
    const [limit, { budget }] = [limitOf(query), query]
    if (budget === undefined) return this.#find(query, limit, now)
    return (await withinBudget(await this.#find(query, MOST, now), budget)).slice(0, limit)
  }

  /** Of what `find` would give: the names. */
  async names(query: RecallQuery, now: number): Promise<readonly Named[]> {
    const found = await this.find(query, now)
    return found.map(({ item, score, why }) => ({ id: item.id, version: item.version, score, why }))
  }

  /** What was named, as the record has it; what was erased since is left out. */
  async said(named: readonly Named[]): Promise<readonly Found[]> {
    const where = { item: { in: named.map(({ id }) => id) } }
    const rows = named.length === 0 ? [] : await this.#log.select('items', { where })
    const wanted = new Set(named.map(({ id, version }) => `${id}@${version}`))
    const items = await itemsOf(
      this.#log,
      rows.filter(
        (row) => wanted.has(`${String(row['item'])}@${String(row['version'])}`) && !isErased(row['status']),
      ),
    )
    const byId = new Map(items.map((item) => [item.id, item]))
    return named.flatMap(({ id, score, why }) => {
      const item = byId.get(id)
      return item ? [found(item, score, why)] : []
    })
  }

  /** Takes erased items out of index and snapshot: no byte of their text is left there. */
  forget(ids: readonly string[]): Promise<void> {
    return this.#desk.forget(ids)
  }

  close(): Promise<void> {
    return this.#desk.close()
  }

  async #find(query: RecallQuery, limit: number, now: number): Promise<readonly Found[]> {
    if (query.asOf !== undefined) return this.#findAsOf(query, query.asOf, limit)
    if (query.query === undefined) {
      const { items } = await listItems(this.#log, { ...filtersOf(query), limit }, now)
      return items.map((item) => found(item, 0, []))
    }
    const { embedder } = this.#serving
    const [vector] = embedder ? await embedWith(embedder, [query.query], QUESTION_MS) : []
    const filter = filterOf(query, now)
    const hits = await this.#desk.search({ text: query.query, filter, limit, ...(vector ? { vector } : {}) })
    const named = hits.map(({ id, version, score, why }) => ({ id, version, score, why: why.terms }))
    const said = await this.said(named)
    return said
      .filter(({ item }) => query.subject === undefined || item.subject === query.subject)
      .map((one) => ({ ...one, item: asAt(one.item, now) }))
  }

  /** What was believed then is ranked by itself: today's index does not know it. */
  async #findAsOf(query: RecallQuery, date: Date, limit: number): Promise<readonly Found[]> {
    const items = await itemsAsOf(this.#log, date, filtersOf(query))
    if (query.query === undefined) return items.slice(0, limit).map((item) => found(item, 0, []))
    const [{ Catalogue, loadMeaning }, { docOf, labelOf }] = await Promise.all([
      import('./search/index.ts'),
      import('./follower.ts'),
    ])
    const catalogue = new Catalogue(loadMeaning())
    for (const [i, item] of items.entries()) {
      catalogue.put({ doc: docOf(item), label: labelOf(item) })
      if (i % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate) // runs go on meanwhile
    }
    const byId = new Map(items.map((item) => [item.id, item]))
    return catalogue
      .search({ text: query.query, filter: { now: 0 }, limit })
      .flatMap(({ id, score, why }) => {
        const item = byId.get(id)
        return item ? [found(item, score, why.terms)] : []
      })
  }
}

const found = (item: Recorded, score: number, why: Found['why']): Found => ({
  item,
  score,
  why,
  text: tagged(item),
})

const isErased = (status: unknown): boolean => status === 'erased'

/** Best first, as many as there is room for: what is too long for what is left of it is passed over. */
async function withinBudget(all: readonly Found[], budget: number): Promise<readonly Found[]> {
  const { readTokenizer } = await import('../tokens/index.ts')
  const { count } = readTokenizer()
  let left = budget
  return all.filter(({ text }) => {
    const tokens = count(`${text}\n`)
    if (tokens > left) return false
    left -= tokens
    return true
  })
}

/** With a budget, as many as fit, unless told. */
const limitOf = ({ budget, limit = budget === undefined ? LIMIT : MOST }: RecallQuery): number =>
  Math.min(MOST, Math.max(1, Math.trunc(limit)))

function filtersOf({ kinds, status, subject, scope }: RecallQuery): ItemsQuery {
  return {
    ...(kinds ? { kinds } : {}),
    ...(status ? { status } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** The same filters, over what the index knows. */
function filterOf({ kinds, status = 'active', subject, scope }: RecallQuery, now: number): Filter {
  return {
    now,
    statuses: [status].flat() satisfies ItemStatus[],
    ...(kinds ? { kinds } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scopes: scopesAbove(scope) }),
  }
}
