/**
 * Recommendations with labels: half of them break one to three of the policies in force, and the others break none, however near they come.
 */
import type { Random } from '../random.ts'
import {
  MOST_VENDORS,
  PRICE_LIMIT,
  TOTAL_LIMIT,
  UNCERTIFIED_LIMIT,
  type Policy,
  type Recommendation,
  type Vendor,
} from './policies.ts'

export interface Labelled {
  readonly value: Recommendation
  /** The policies it goes against. */
  readonly breaks: readonly Policy[]
}

const NAMES = [
  'ash',
  'birch',
  'cedar',
  'elm',
  'fir',
  'hazel',
  'larch',
  'rowan',
  'yew',
  'ácer',
  '樫',
  'O’Malley',
]

function vendor(random: Random): Vendor {
  const certified = random.chance(0.6)
  const most = certified ? PRICE_LIMIT : UNCERTIFIED_LIMIT
  return {
    name: `${random.pick(NAMES)} ${random.between(1, 999)}`,
    price: random.between(1, most * 4) / 4,
    region: random.pick(['north', 'south', 'east']),
    seats: random.between(1, 500),
    tags: random.chance(0.5) ? ['saas'] : [],
    certified,
    contact: { country: random.pick(['AT', 'CH', 'PT']), ...(random.chance(0.5) ? { email: 'a@b.c' } : {}) },
  }
}

function keepsAll(random: Random): Recommendation {
  return {
    vendors: Array.from({ length: random.between(1, 6) }, () => vendor(random)),
    total: random.between(0, TOTAL_LIMIT),
    currency: 'EUR',
    note: random.chance(0.5) ? null : 'as agreed',
    ...(random.chance(0.3) ? { discount: 5 } : {}),
  }
}

/** As near as can be without breaking anything; `names` are of decisions that do not hold here, or look like ones that do. */
function nearMiss(value: Recommendation, random: Random, names: readonly string[]): Recommendation {
  const [first, ...rest] = value.vendors
  if (!first) return value
  const of = (change: Partial<Vendor>): Recommendation => ({
    ...value,
    vendors: [...rest, { ...first, ...change }],
  })
  return random.pick([
    () => of({ price: PRICE_LIMIT, certified: true }),
    () => of({ price: UNCERTIFIED_LIMIT, certified: false }),
    () => of({ region: 'offshore-free' }),
    () => of({ tags: ['betamax', 'Beta'] }),
    () => of({ name: 'latest-ash' }),
    () => of({ seats: 1 }),
    () => of({ contact: { country: 'zz' } }),
    () => ({ ...value, total: TOTAL_LIMIT }),
    () => ({ ...value, note: 'Internal' }),
    () => ({
      ...value,
      vendors: Array.from({ length: MOST_VENDORS }, (_, i) => ({ ...first, name: `${first.name} ${i}` })),
    }),
    ...Array.from({ length: 6 }, () => () => of({ name: random.pick(names) })),
  ])()
}

export interface Demands {
  readonly inForce: readonly Policy[]
  /** Names that nothing in force is about. */
  readonly harmless: readonly string[]
}

/** `count` recommendations, every second of which goes against something. */
export function outputs(count: number, random: Random, { inForce, harmless }: Demands): readonly Labelled[] {
  return Array.from({ length: count }, (_, i): Labelled => {
    const value = keepsAll(random)
    if (i % 2 === 0)
      return { value: random.chance(0.7) ? nearMiss(value, random, harmless) : value, breaks: [] }
    const breaks = distinct(random, inForce, random.pick([1, 1, 1, 2, 3]))
    return labelled(value, breaks, random)
  })
}

/** Broken one after another; where a later one mended an earlier one (the same vendor was drawn), it no longer counts. */
function labelled(value: Recommendation, breaks: readonly Policy[], random: Random): Labelled {
  const broken = breaks.reduce((sofar, { breakIn }) => breakIn(sofar, random), value)
  return { value: broken, breaks: breaks.filter(({ isBroken }) => isBroken(broken)) }
}

function distinct(random: Random, from: readonly Policy[], count: number): readonly Policy[] {
  const left = [...from]
  return Array.from({ length: count }, () => left.splice(random.between(0, left.length - 1), 1)).flat()
}
