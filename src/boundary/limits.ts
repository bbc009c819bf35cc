/**
 * `boundaryOf`: what stands between a run and a call that it is about to make.
 *
 * B1. Everything is looked at before the call, and nothing throws: what may not be is given as a `Breach`, with what, limit and actual, and
 *     is on the record by then.
 * B2. What cannot be told counts as too much: a price nobody knows, tokens without a maximum, a tool that does not say what it may do.
 * B3. The store decides about budgets, not what is known here: where the intent's commit is refused by the guard, `release` the reservation
 *     and reserve again. It is looked up then, and is a breach unless others gave something back meanwhile.
 */
import { eventOf, type Append, type Change } from '../log/index.ts'
import type { Hands } from '../run/index.ts'
import type { Counted, Narrowed, SideEffect } from '../task/index.ts'
import { breachOf, type Breach, type Crossed } from './breach.ts'
import { boundedFetch } from './egress.ts'
import { boundaryBreached, type Amounts, type Entry } from './events.ts'
import { crossedBy, reserving, settling } from './ledger.ts'
import { placesOf, turnstileOf } from './pace.ts'

export interface Need {
  readonly kind: 'model' | 'tool' | 'step'
  readonly name: string
  /** At most, input and output. */
  readonly tokens?: number
  readonly costUsd?: number | 'unknown'
  /** Irreversible unless told. */
  readonly effect?: SideEffect
}

/** What a call used. What is not said stays as it was reserved. */
export interface Used {
  readonly tokens?: number
  readonly costUsd?: number | 'unknown'
}

export interface Reservation {
  /** Into the commit of the intent. */
  readonly appends: readonly Append[]
  readonly unless?: Change['unless']
  /** What was reserved, for the intent's record. */
  readonly body: { readonly costUsd?: number; readonly tokens?: number }
  /** Into the commit of the outcome. The place among those under way at once is free from then on. */
  settled(actual: Used | 'unknown'): readonly Append[]
  /** The call did not take place, or its intent was refused, or it ended without an outcome. Once is enough, and does no harm after `settled`. */
  release(): void
}

export interface Limits {
  /** Whether a tool may be called at all. */
  readonly allows: (tool: string) => boolean
  /** May wait: for a place among those under way at once, or of a rate. */
  reserve(need: Need): Promise<Reservation | Breach>
  /** Reaches the hosts that are allowed. @throws {BoundaryBreached} for any other */
  readonly fetch: typeof fetch
  /** How large a conversation may be. */
  readonly contextTokens: number | undefined
  /** How sure a checkpoint has to be of a value. */
  readonly confidence: number | undefined
}

export const isBreach = (one: Reservation | Breach): one is Breach => 'what' in one

const FREE: Reservation = { appends: [], body: {}, settled: () => [], release() {} }

const UNBOUNDED: Limits = {
  allows: () => true,
  reserve: () => Promise.resolve(FREE),
  fetch: (...asked) => fetch(...asked),
  contextTokens: undefined,
  confidence: undefined,
}

const LIMITS = Symbol('limits')

/** Of the task, within what its callers handed down. */
export function boundaryOf(hands: Hands): Limits {
  const { limits } = hands.shared(LIMITS, () => {
    const within = hands.limits()
    return { limits: within ? new Bounded(hands, within) : UNBOUNDED }
  })
  return limits
}

/** Puts a breach on the run's record. */
export function note(hands: Hands, crossed: Crossed, operation: string): Breach {
  const breach = breachOf(hands, crossed, operation)
  const { what, limit, actual, by, action } = breach
  hands.note(eventOf(boundaryBreached, { what, limit, actual, by, operation, action }))
  return breach
}

const micros = (usd: number): number => Math.ceil(usd * 1_000_000 - 1e-6)

class Bounded implements Limits {
  readonly fetch: typeof fetch
  readonly contextTokens: number | undefined
  readonly confidence: number | undefined
  readonly #hands: Hands
  readonly #within: Narrowed
  /** A guard refused something: what the ledgers say is looked up. */
  #mustLook = false

  constructor(hands: Hands, within: Narrowed) {
    this.#hands = hands
    this.#within = within
    this.contextTokens = within.contextTokens
    this.confidence = within.confidence
    this.fetch = within.hosts ? boundedFetch(within.hosts, (url) => this.#refuseHost(url)) : UNBOUNDED.fetch
  }

  readonly allows = (tool: string): boolean => this.#within.tools?.includes(tool) ?? true

  async reserve(need: Need): Promise<Reservation | Breach> {
    const { kind, name } = need
    const { log, run, patiently } = this.#hands
    const { ledgers } = this.#within
    const amounts = this.#amountsOf(need)
    const refused =
      this.#overTime(name) ?? this.#notAllowed(need) ?? ('what' in amounts ? amounts : undefined)
    if (refused || 'what' in amounts) return note(this.#hands, refused ?? (amounts as Crossed), name) // one of the two it is
    const entry: Entry = { by: run.id, kind, name, amounts }
    const isOver = ledgers.some(({ counts }) => isAbove(amounts, counts))
    if (this.#mustLook || isOver) {
      const crossed = await patiently(() => crossedBy(log, ledgers, entry))
      if (crossed) return note(this.#hands, crossed, name)
      this.#mustLook = false
    }
    const leave = kind === 'model' ? await this.#enter() : () => {}
    const slots = kind === 'step' ? new Map<string, never>() : await this.#places()
    // Time may be up by now.
    const late = slots.size > 0 || kind === 'model' ? this.#overTime(name) : undefined
    if (late) {
      leave()
      return note(this.#hands, late, name)
    }
    return this.#reservation(entry, slots, leave)
  }

  #reservation(entry: Entry, slots: Parameters<typeof reserving>[2], leave: () => void): Reservation {
    const { ledgers } = this.#within
    const { tokens, cost_micros: cost } = entry.amounts
    let isOpen = true
    const end = () => {
      if (isOpen) leave()
      isOpen = false
    }
    return {
      ...reserving(ledgers, entry, slots),
      body: {
        ...(cost === undefined ? {} : { costUsd: cost / 1_000_000 }),
        ...(tokens === undefined ? {} : { tokens }),
      },
      settled: (actual) => {
        end()
        const less = actual === 'unknown' ? undefined : this.#difference(entry.amounts, actual)
        return less ? settling(ledgers, entry, less) : []
      },
      release: () => {
        if (!isOpen) return
        end()
        this.#mustLook = true
        for (const [ledger] of slots) placesOf(this.#hands.log, ledger).forget()
      },
    }
  }

  /** How much more, or less, than reserved; undefined where nothing was, and nothing is known. */
  #difference(reserved: Amounts, { tokens, costUsd }: Used): Amounts | undefined {
    const cost = typeof costUsd === 'number' ? micros(costUsd) : this.#priced(tokens)
    const amounts: Partial<Record<Counted, number>> = {}
    if (tokens !== undefined) amounts.tokens = tokens - (reserved.tokens ?? 0)
    if (cost !== undefined) amounts.cost_micros = cost - (reserved.cost_micros ?? 0)
    return Object.keys(amounts).length > 0 ? amounts : undefined
  }

  /** What a call may use at most, or why that cannot be told. */
  #amountsOf({ kind, name, tokens, costUsd }: Need): Amounts | Crossed {
    if (kind === 'step') return { steps: 1 }
    const isModel = kind === 'model'
    const cost = typeof costUsd === 'number' ? micros(costUsd) : this.#priced(tokens)
    for (const { run, counts } of this.#within.ledgers) {
      const of = { limit: 0, actual: 'unknown', by: run }
      const mayCost = isModel || costUsd === 'unknown'
      if (cost === undefined && mayCost && counts.cost_micros !== undefined)
        return {
          ...of,
          what: 'costUsd',
          limit: counts.cost_micros / 1_000_000,
          message: `Nobody knows the price of "${name}", and the boundary of ${run} limits the cost: give its price, or budget.usdPerMillionTokens for models without one.`,
        }
      if (tokens === undefined && isModel && counts.tokens !== undefined)
        return {
          ...of,
          what: 'tokens',
          limit: counts.tokens,
          message: `"${name}" does not say how many tokens it may take at most, and the boundary of ${run} limits them.`,
        }
    }
    return {
      ...(isModel ? { model_calls: 1 } : { tool_calls: 1 }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(cost === undefined ? {} : { cost_micros: cost }),
    }
  }

  #priced(tokens: number | undefined): number | undefined {
    const { microsPerMillionTokens: price } = this.#within
    return price === undefined || tokens === undefined ? undefined : Math.ceil((price * tokens) / 1_000_000)
  }

  #overTime(name: string): Crossed | undefined {
    const { until } = this.#within
    const { now, run } = this.#hands
    if (!until || now() < until.at) return undefined
    return overTime(until, now(), run.id, name)
  }

  #notAllowed({ kind, name, effect = 'irreversible' }: Need): Crossed | undefined {
    const { tools, effects } = this.#within
    if (kind !== 'tool') return undefined
    const by = this.#hands.run.id
    if (tools && !tools.includes(name)) {
      const allowed = tools.length > 0 ? `only ${tools.join(', ')}` : 'no tool at all'
      return {
        what: 'tools',
        limit: tools,
        actual: name,
        by,
        message: `Tool "${name}" is not allowed: the boundary of ${by} allows ${allowed}.`,
      }
    }
    if (effects && !effects.includes(effect))
      return {
        what: 'effects',
        limit: effects,
        actual: effect,
        by,
        message: `Tool "${name}" is ${effect === 'read' ? 'a reading' : `an ${effect}`.replace('an r', 'a r')} one: the boundary of ${by} allows ${effects.length > 0 ? effects.join(', ') : 'none'}.`,
      }
    return undefined
  }

  /** Waits until fewer are under way than may be, in every ledger that says so: the outermost first, so that nobody waits in a circle. */
  async #enter(): Promise<() => void> {
    const gates = this.#within.ledgers.flatMap(({ run, concurrency }) =>
      concurrency === undefined ? [] : turnstileOf(this.#hands.log, run, concurrency),
    )
    for (const gate of gates) await gate.enter()
    return () => {
      for (const gate of gates) gate.leave()
    }
  }

  /** Its place among the calls of each rate; waits until there is one. */
  async #places(): Promise<ReadonlyMap<string, { readonly slot: number; readonly since: number }>> {
    const { log, now, patiently, alarm } = this.#hands
    const taken = new Map<string, { readonly slot: number; readonly since: number }>()
    for (const { run: ledger, rate } of this.#within.ledgers) {
      if (!rate) continue
      for (;;) {
        const place = await placesOf(log, ledger).take(rate, now(), async () => {
          const rows = await patiently(() => log.select('budget_rates', { where: { ledger } }))
          return rows.map((row) => [Number(row['slot']), Number(row['at'])] as const)
        })
        if ('slot' in place) {
          taken.set(ledger, place)
          break
        }
        await new Promise<void>((goOn) => alarm(place.freeAt, goOn))
      }
    }
    return taken
  }

  #refuseHost({ host, protocol, username }: URL): Error {
    const { hosts = [] } = this.#within
    const { id } = this.#hands.run
    const address = `${protocol}//${username === '' ? '' : '…@'}${host}`
    const allowed = hosts.at(-1) ?? []
    const message = `${address} may not be reached: the boundary of ${id} allows ${allowed.length > 0 ? allowed.join(', ') : 'no host at all'}.`
    return note(this.#hands, { what: 'egress', limit: hosts, actual: address, by: id, message }, 'fetch')
      .error
  }
}

export function overTime(
  until: NonNullable<Narrowed['until']>,
  now: number,
  by: string,
  name: string,
): Crossed {
  return {
    what: 'duration',
    limit: until.durationMs,
    actual: until.durationMs + Math.max(0, now - until.at),
    by,
    message: `The time of ${by} is up: ${until.durationMs} ms were allowed, and ${name} comes ${Math.max(0, now - until.at)} ms after that.`,
  }
}

/** A single call alone is too much. */
function isAbove(amounts: Amounts, counts: Amounts): boolean {
  const columns = Object.keys(counts) as Counted[] // its own keys
  return columns.some((column) => (amounts[column] ?? 0) > (counts[column] ?? 0))
}
