/**
 * A boundary as it was declared, checked and in whole numbers.
 *
 * B1. Whatever cannot be understood is refused where it is declared, by its name: a limit that is misspelt is no limit.
 * B2. Money is counted in millionths of a dollar, rounded against whoever spends.
 */
import { ThroughlineError } from '../errors.ts'
import type { Invariant, Limit, SideEffect } from './boundary.ts'
import { durationMs } from './duration.ts'
import { hostOf } from './host.ts'
import { checkLadder, isLadder, isLast } from './ladder.ts'
import type { Ladder, Rung } from './recovery.ts'

/** What is counted in a ledger, by the column it is counted in. */
export type Counted = 'cost_micros' | 'tokens' | 'model_calls' | 'tool_calls' | 'steps'

export interface Pace {
  readonly calls: number
  readonly perMs: number
}

/** DeclaredLimits as data: what can be recorded, and handed to a child. */
export interface DeclaredLimits {
  readonly counts: Readonly<Partial<Record<Counted, number>>>
  readonly durationMs?: number
  /** In millionths of a dollar. */
  readonly microsPerMillionTokens?: number
  readonly tools?: readonly string[]
  readonly callsOf?: Readonly<Record<string, number>>
  readonly effects?: readonly SideEffect[]
  readonly hosts?: readonly string[]
  readonly concurrency?: number
  readonly rate?: Pace
  readonly contextTokens?: number
  readonly confidence?: number
}

/** A task's own boundary. */
export interface Bounds {
  readonly limits: DeclaredLimits
  readonly keep: readonly string[]
  /** Where in every value it is said how sure it is. */
  readonly confidenceAt: string | undefined
  readonly invariants: readonly {
    readonly name: string
    readonly at: readonly string[] | undefined
    readonly holds: Invariant
  }[]
  /** By limit; one way out of all is named at each. */
  readonly onBreach: Readonly<Partial<Record<Limit, Ladder>>>
}

/** A boundary that cannot be understood. */
export class BadBoundary extends ThroughlineError {
  constructor(task: string, field: string, message: string) {
    super('bad_boundary', {
      message: `The boundary of task "${task}" cannot hold: ${field} ${message}.`,
      data: { task, field },
    })
  }
}

type Fields = Readonly<Record<string, unknown>>

const LIMITS: readonly Limit[] = [
  'costUsd',
  'tokens',
  'modelCalls',
  'toolCalls',
  'steps',
  'duration',
  'tools',
  'effects',
  'egress',
  'context',
  'confidence',
]
const EFFECTS: readonly string[] = ['read', 'reversible', 'irreversible'] satisfies SideEffect[]
const COUNTS = {
  tokens: 'tokens',
  modelCalls: 'model_calls',
  toolCalls: 'tool_calls',
  steps: 'steps',
} as const
const MICROS = 1_000_000
/** When each of the last calls began is a row. */
const MOST_PACED = 10_000

/** @throws {BadBoundary} */
export function boundsOf(task: string, declared: unknown): Bounds {
  const refuse = (field: string, message: string): never => {
    throw new BadBoundary(task, field, message)
  }
  const shown = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value))
  /** An object of these keys; empty where there is none. */
  const part = (field: string, value: unknown, keys: readonly string[]): Fields => {
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return refuse(field, 'must be an object')
    const stranger = Object.keys(value).find((key) => !keys.includes(key))
    if (stranger !== undefined)
      refuse(`${field}.${stranger}`, `is no limit there is; it may have ${keys.join(', ')}`)
    return value as Fields // an object it is
  }
  const amount = (field: string, value: unknown, least = 0): number | undefined => {
    if (value === undefined) return undefined
    const isAmount =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value >= least &&
      value <= Number.MAX_SAFE_INTEGER / MICROS
    return isAmount ? value : refuse(field, `must be a number from ${least} up; it is ${shown(value)}`)
  }
  const count = (field: string, value: unknown, least = 0): number | undefined => {
    if (value === undefined) return undefined
    const isCount = Number.isSafeInteger(value) && Number(value) >= least
    return isCount
      ? Number(value)
      : refuse(field, `must be a whole number from ${least} up; it is ${shown(value)}`)
  }
  const duration = (field: string, value: unknown, least: number): number | undefined => {
    if (value === undefined) return undefined
    try {
      const ms = durationMs(value as never) // it throws what it cannot read
      return ms >= least ? ms : refuse(field, 'must be longer than nothing')
    } catch (error) {
      return refuse(
        field,
        error instanceof BadBoundary
          ? 'must be longer than nothing'
          : `must be a length of time such as "2h"; it is ${shown(value)}`,
      )
    }
  }
  const texts = (field: string, value: unknown): readonly string[] | undefined => {
    if (value === undefined) return undefined
    const isTexts = Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')
    return isTexts ? (value as string[]) : refuse(field, 'must be a list of names')
  }

  const paced = (value: unknown): number | undefined => {
    const calls = count('rate.calls', value, 1)
    return calls !== undefined && calls > MOST_PACED
      ? refuse('rate.calls', `must be ${MOST_PACED} at most; say how many per a shorter time`)
      : calls
  }

  const whole = part('boundary', declared, [
    ...[
      'budget',
      'tools',
      'context',
      'effects',
      'egress',
      'concurrency',
      'rate',
      'confidence',
      'invariants',
      'onBreach',
    ],
  ])
  const budget = part('budget', whole['budget'], [
    'costUsd',
    ...Object.keys(COUNTS),
    'duration',
    'usdPerMillionTokens',
  ])
  const tools = part('tools', whole['tools'], ['allow', 'limits'])
  const context = part('context', whole['context'], ['maxTokens', 'keep'])
  const egress = part('egress', whole['egress'], ['allowHosts'])
  const rate = part('rate', whole['rate'], ['calls', 'per'])
  const confidence = part('confidence', whole['confidence'], ['minimum', 'of'])

  const costUsd = amount('budget.costUsd', budget['costUsd'])
  const counts: Partial<Record<Counted, number>> = {}
  if (costUsd !== undefined) counts.cost_micros = Math.floor(costUsd * MICROS + 1e-6)
  for (const [key, column] of Object.entries(COUNTS)) {
    const most = count(`budget.${key}`, budget[key])
    if (most !== undefined) counts[column] = most
  }
  const callsOf = Object.entries(
    part('tools.limits', tools['limits'], Object.keys((tools['limits'] as object | undefined) ?? {})),
  ).map(([tool, most]) => [tool, count(`tools.limits.${tool}`, most)] as const)
  const effects = texts('effects', whole['effects'])
  const strange = effects?.find((effect) => !EFFECTS.includes(effect))
  if (strange !== undefined) refuse('effects', `names ${shown(strange)}; there are ${EFFECTS.join(', ')}`)
  const hosts = texts('egress.allowHosts', egress['allowHosts'])
  if (whole['egress'] !== undefined && !hosts)
    refuse('egress.allowHosts', 'must be a list of hosts; [] means none')
  const noHost = hosts?.find((host) => !hostOf(host))
  if (noHost !== undefined)
    refuse(
      'egress.allowHosts',
      `names ${shown(noHost)}, which is no host; write "api.example.com", "*.example.com" or "localhost:8080"`,
    )
  if (whole['rate'] !== undefined && (rate['calls'] === undefined || rate['per'] === undefined))
    refuse('rate', 'must say how many calls per which time: { calls: 10, per: "1m" }')
  const minimum = amount('confidence.minimum', confidence['minimum'])
  if (whole['confidence'] !== undefined && (minimum === undefined || minimum > 1))
    refuse('confidence.minimum', 'must be a number from 0 to 1')
  const at = confidence['of']
  if (at !== undefined && typeof at !== 'string')
    refuse('confidence.of', 'must be a path such as "answer.confidence"')

  const limits = withoutUndefined({
    counts,
    durationMs: duration('budget.duration', budget['duration'], 0),
    microsPerMillionTokens: ceilMicros(amount('budget.usdPerMillionTokens', budget['usdPerMillionTokens'])),
    tools: texts('tools.allow', tools['allow']),
    callsOf: callsOf.length > 0 ? Object.fromEntries(callsOf) : undefined,
    effects,
    hosts,
    concurrency: count('concurrency', whole['concurrency'], 1),
    rate:
      whole['rate'] === undefined
        ? undefined
        : { calls: paced(rate['calls']), perMs: duration('rate.per', rate['per'], 1) },
    contextTokens: count('context.maxTokens', context['maxTokens'], 1),
    confidence: minimum,
  }) as unknown as DeclaredLimits // each part was checked above

  const invariants = Object.entries(invariantsIn(whole['invariants'], refuse)).map(([name, given]) => {
    if (typeof given === 'function') return { name, at: undefined, holds: given as Invariant }
    const { at: stages, holds } = part(`invariants.${name}`, given, ['at', 'holds'])
    if (typeof holds !== 'function')
      return refuse(`invariants.${name}`, 'must be a function of the value, or { at, holds }')
    const names = texts(`invariants.${name}.at`, typeof stages === 'string' ? [stages] : stages)
    return { name, at: names, holds: holds as Invariant }
  })
  return {
    limits,
    keep: texts('context.keep', context['keep']) ?? [],
    confidenceAt: at as string | undefined, // refused above if it is anything else
    invariants,
    onBreach: waysOut(task, whole['onBreach'], part),
  }
}

/** Limits that end the run: what crosses them is no call that could be made in another way. */
export const isFinal = (limit: string): boolean => limit === 'steps' || limit === 'duration'

function waysOut(
  task: string,
  given: unknown,
  part: (field: string, value: unknown, keys: readonly string[]) => Fields,
): Bounds['onBreach'] {
  const each = isLadder(given)
    ? LIMITS.map((limit) => [limit, given] as const)
    : Object.entries(part('onBreach', given, LIMITS))
  const ways = each.filter(([, ladder]) => ladder !== undefined)
  for (const [limit, ladder] of ways) {
    checkLadder(ladder, { what: `The way out of ${limit} of task "${task}"`, task })
    if (!isLadder(given) && isFinal(limit) && !isLast(ladder.rungs[0] as Rung))
      // a ladder has one at least
      throw new BadBoundary(
        task,
        `onBreach.${limit}`,
        'can only be halt() or compensate(): nobody waits there who could be given something else',
      )
  }
  return Object.fromEntries(ways)
}

function invariantsIn(given: unknown, refuse: (field: string, message: string) => never): Fields {
  if (given === undefined) return {}
  return typeof given === 'object' && given !== null && !Array.isArray(given)
    ? (given as Fields) // an object it is
    : refuse('invariants', 'must be functions by name')
}

const ceilMicros = (usd: number | undefined): number | undefined =>
  usd === undefined ? undefined : Math.ceil(usd * MICROS - 1e-6)

const withoutUndefined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
