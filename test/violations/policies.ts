/**
 * What was decided about recommendations: as a rule for the product, and as what it means, for whoever makes values that keep or break it.
 *
 * V1. Nothing here is asked of the checker: `breakIn` breaks its policy by construction, in a value that keeps all, and breaks no other.
 * V2. `isBroken` says the same a second time, in TypeScript, so that a value with a wrong label is found before any rule is asked.
 */
import type { Rule } from 'throughline'
import type { Random } from '../random.ts'

export interface Vendor {
  readonly name: string
  readonly price: number
  readonly region: string
  readonly seats: number
  readonly tags: readonly string[]
  readonly certified: boolean
  readonly contact: { readonly country: string; readonly email?: string }
}

/** What is checked: a recommendation of several vendors. */
export interface Recommendation {
  readonly vendors: readonly Vendor[]
  readonly total: number
  readonly currency: string
  readonly note: string | null
  readonly discount?: number
}

export interface Policy {
  readonly subject: string
  readonly because: string
  readonly rule: Omit<Rule, 'target'>
  readonly breakIn: (value: Recommendation, random: Random) => Recommendation
  readonly isBroken: (value: Recommendation) => boolean
}

/** Of a vendor drawn from those there are, some properties are others. */
function withVendor(value: Recommendation, random: Random, change: Partial<Vendor>): Recommendation {
  const at = random.between(0, value.vendors.length - 1)
  return { ...value, vendors: value.vendors.map((one, i) => (i === at ? { ...one, ...change } : one)) }
}

const text = JSON.stringify

/** Whoever is of this name is not recommended. */
export function excluded(name: string): Policy {
  return {
    subject: `vendor:${name.trim()}`,
    because: `${name} has no audit report`,
    rule: { forbid: `value.vendors.exists(v, v.name == ${text(name)})` },
    breakIn: (value, random) => withVendor(value, random, { name }),
    isBroken: ({ vendors }) => vendors.some((vendor) => vendor.name === name),
  }
}

export const PRICE_LIMIT = 500
export const TOTAL_LIMIT = 10_000
export const MOST_VENDORS = 12
export const UNCERTIFIED_LIMIT = 300

/** One of each manner of demand; amounts are in whole numbers, and in fractions. */
export const general: readonly Policy[] = [
  {
    subject: 'price limit',
    because: 'The budget is what it is',
    rule: { require: `value.vendors.all(v, v.price <= ${PRICE_LIMIT}.0)` },
    breakIn: (value, random) =>
      // Certified, or it would break the other rule about prices, too.
      withVendor(value, random, {
        price: PRICE_LIMIT + random.pick([0.01, 1, 99.5, 1e9]),
        certified: true,
      }),
    isBroken: ({ vendors }) => vendors.some(({ price }) => price > PRICE_LIMIT),
  },
  {
    subject: 'regions',
    because: 'Data may not leave',
    rule: { forbid: `value.vendors.exists(v, v.region in ['offshore', 'unknown'])` },
    breakIn: (value, random) => withVendor(value, random, { region: random.pick(['offshore', 'unknown']) }),
    isBroken: ({ vendors }) => vendors.some(({ region }) => region === 'offshore' || region === 'unknown'),
  },
  {
    subject: 'maturity',
    because: 'The last beta cost a week',
    rule: { forbid: `value.vendors.exists(v, v.tags.exists(t, t == 'beta'))` },
    breakIn: (value, random) => withVendor(value, random, { tags: ['saas', 'beta'] }),
    isBroken: ({ vendors }) => vendors.some(({ tags }) => tags.includes('beta')),
  },
  {
    subject: 'total',
    because: 'More needs the board',
    rule: { require: `value.total <= ${TOTAL_LIMIT}.0` },
    breakIn: (value, random) => ({ ...value, total: TOTAL_LIMIT + random.pick([0.5, 1, 1e6]) }),
    isBroken: ({ total }) => total > TOTAL_LIMIT,
  },
  {
    subject: 'currency',
    because: 'Accounts are kept in one',
    rule: { require: `value.currency == 'EUR'` },
    breakIn: (value, random) => ({ ...value, currency: random.pick(['USD', 'eur', '', 'EUR ']) }),
    isBroken: ({ currency }) => currency !== 'EUR',
  },
  {
    subject: 'length',
    because: 'Nobody reads more',
    rule: { forbid: `size(value.vendors) > ${MOST_VENDORS}` },
    breakIn: (value) => ({
      ...value,
      vendors: Array.from(
        { length: MOST_VENDORS + 1 },
        (_, i) => value.vendors[i % value.vendors.length],
      ).filter((vendor) => vendor !== undefined),
    }),
    isBroken: ({ vendors }) => vendors.length > MOST_VENDORS,
  },
  {
    subject: 'certificates',
    because: 'Above this, insurance asks for one',
    rule: { forbid: `value.vendors.exists(v, v.price > ${UNCERTIFIED_LIMIT}.0 && !v.certified)` },
    breakIn: (value, random) =>
      withVendor(value, random, { price: UNCERTIFIED_LIMIT + 0.25, certified: false }),
    isBroken: ({ vendors }) =>
      vendors.some(({ price, certified }) => price > UNCERTIFIED_LIMIT && !certified),
  },
  {
    subject: 'rehearsals',
    because: 'They came into a real offer once',
    rule: { forbid: `value.vendors.exists(v, v.name.startsWith('test-'))` },
    breakIn: (value, random) => withVendor(value, random, { name: 'test-ash' }),
    isBroken: ({ vendors }) => vendors.some(({ name }) => name.startsWith('test-')),
  },
  {
    subject: 'seats',
    because: 'An offer for nobody is a mistake',
    rule: { require: `value.vendors.all(v, v.seats >= 1)` },
    breakIn: (value, random) => withVendor(value, random, { seats: random.pick([0, -3]) }),
    isBroken: ({ vendors }) => vendors.some(({ seats }) => seats < 1),
  },
  {
    subject: 'countries',
    because: 'Sanctions',
    rule: { forbid: `value.vendors.exists(v, v.contact.country == 'ZZ')` },
    breakIn: (value, random) => withVendor(value, random, { contact: { country: 'ZZ' } }),
    isBroken: ({ vendors }) => vendors.some(({ contact }) => contact.country === 'ZZ'),
  },
  {
    subject: 'notes',
    because: 'They are sent to vendors',
    rule: { forbid: `value.note != null && value.note.contains('internal')` },
    breakIn: (value) => ({ ...value, note: 'an internal remark' }),
    isBroken: ({ note }) => note?.includes('internal') ?? false,
  },
]
