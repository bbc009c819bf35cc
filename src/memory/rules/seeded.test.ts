/**
 * Seeded violations: generated outputs, half of them against live rules, each rule beside the plain predicate it means.
 * All that conflict are stopped, none that does not.
 */
import { expect, test } from 'vitest'
import { randomBy, type Random } from '../../../test/random.ts'
import { compileRule, evaluate, Reading, type Rule } from './index.ts'
import { isMatch } from './pattern.ts'

interface Vendor {
  name: string
  price: number
  seats: number
  region: string
  tags: string[]
}
interface Output {
  vendors: Vendor[]
  total: number
  note: string | null
}
interface Case {
  readonly rule: Omit<Rule, 'target'>
  /** Whether an output goes against it. */
  readonly breaks: (output: Output) => boolean
  /** Makes an output go against it. */
  readonly corrupt: (output: Output, random: Random) => void
  readonly part: RegExp
}

const schema = {
  type: 'object',
  properties: {
    total: { type: 'number' },
    note: { type: ['string', 'null'] },
    vendors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          price: { type: 'number' },
          seats: { type: 'integer' },
          region: { type: 'string' },
          tags: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
}

const CASES: readonly Case[] = [
  {
    rule: { forbid: "value.vendors.exists(v, v.name == 'excluded')" },
    breaks: ({ vendors }) => vendors.some(({ name }) => name === 'excluded'),
    corrupt: ({ vendors }, random) => void (random.pick(vendors).name = 'excluded'),
    part: /^vendors\[\d+\]\.name$/,
  },
  {
    rule: { require: 'value.vendors.all(v, v.price <= 500)' },
    breaks: ({ vendors }) => vendors.some(({ price }) => price > 500),
    corrupt: ({ vendors }, random) => void (random.pick(vendors).price = 500 + random.between(1, 99) / 100),
    part: /^vendors\[\d+\]\.price$/,
  },
  {
    rule: { forbid: "value.vendors.exists(v, v.region == 'us' && v.seats > 900)" },
    breaks: ({ vendors }) => vendors.some(({ region, seats }) => region === 'us' && seats > 900),
    corrupt: ({ vendors }, random) => void Object.assign(random.pick(vendors), { region: 'us', seats: 901 }),
    part: /^vendors\[\d+\]\.(region|seats)$/,
  },
  {
    rule: { forbid: "value.vendors.exists(v, v.tags.exists(t, t.startsWith('legacy')))" },
    breaks: ({ vendors }) => vendors.some(({ tags }) => tags.some((tag) => tag.startsWith('legacy'))),
    corrupt: ({ vendors }, random) => void random.pick(vendors).tags.push('legacy-api'),
    part: /^vendors\[\d+\]\.tags\[\d+\]$/,
  },
  {
    rule: { require: 'value.total < 5000.5' },
    breaks: ({ total }) => total >= 5000.5,
    corrupt: (output, random) => void (output.total = 5000.5 + random.between(0, 3)),
    part: /^total$/,
  },
  {
    rule: { require: "size(value.vendors.filter(v, v.region == 'eu')) >= 1" },
    breaks: ({ vendors }) => !vendors.some(({ region }) => region === 'eu'),
    corrupt: ({ vendors }) => vendors.forEach((vendor) => void (vendor.region = 'apac')),
    part: /^vendors$/,
  },
  {
    rule: { forbid: "value.note != null && value.note.matches('(?i)guarantee[sd]?')" },
    breaks: ({ note }) => note !== null && /guarantee[sd]?/i.test(note),
    corrupt: (output) => void (output.note = 'Uptime is GUARANTEED.'),
    part: /^note$/,
  },
  {
    rule: { forbid: "value.vendors.map(v, v.name).exists(n, n in ['bad-1', 'bad-2'])" },
    breaks: ({ vendors }) => vendors.some(({ name }) => name === 'bad-1' || name === 'bad-2'),
    corrupt: ({ vendors }, random) => void (random.pick(vendors).name = random.pick(['bad-1', 'bad-2'])),
    part: /^vendors$/,
  },
]

function innocent(random: Random): Output {
  const vendors = Array.from({ length: random.between(1, 20) }, (_, i) => ({
    name: `vendor-${i}`,
    price: random.between(0, 50_000) / 100,
    seats: random.between(0, 900),
    region: i === 0 ? 'eu' : random.pick(['eu', 'us', 'apac']),
    tags: ['audited', 'new'].filter(() => random.chance(0.5)),
  }))
  return { vendors, total: random.between(0, 500_000) / 100, note: random.pick([null, 'No warranty.', '']) }
}

test.each([schema, undefined])(
  'every output that goes against a live rule is stopped, and no other',
  (given) => {
    const rules = CASES.map(({ rule }, i) =>
      compileRule({ target: i % 2 === 0 ? 'recommendation' : 'recommend*', ...rule }, given),
    )
    for (let i = 0; i < 100; i++) rules.push(compileRule({ target: `other-${i}`, forbid: 'true' }))

    const random = randomBy('seeded violations')
    let [conflicting, innocents] = [0, 0]
    for (let n = 0; n < 400; n++) {
      const output = innocent(random)
      if (n % 2 === 0) {
        for (let i = random.between(1, 3); i > 0; i--) random.pick(CASES).corrupt(output, random)
      }
      const reading = new Reading(output)
      const found = rules
        .filter(({ target }) => isMatch(target, 'recommendation'))
        .map((rule) => evaluate(rule, reading))
      expect(found).toHaveLength(CASES.length)
      for (const [i, { breaks, part }] of CASES.entries()) {
        const verdict = found[i]
        expect(verdict?.outcome, `${JSON.stringify(CASES[i]?.rule)} over ${JSON.stringify(output)}`).toBe(
          breaks(output) ? 'violated' : 'holds',
        )
        if (verdict?.outcome !== 'violated') continue
        expect(verdict.parts.length).toBeGreaterThan(0)
        for (const { text } of verdict.parts) expect(text).toMatch(part)
      }
      if (CASES.some(({ breaks }) => breaks(output))) conflicting++
      else innocents++
    }
    expect([conflicting, innocents]).toEqual([200, 200])
  },
)
