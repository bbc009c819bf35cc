/**
 * Three days of choosing a vendor. What is decided on the second binds the third, also in a process that was not there when it was decided.
 */
import { task, ThroughlineError, type Duration } from 'throughline'
import { z } from 'zod'

interface Vendor {
  readonly name: string
  readonly hasReport: boolean
  readonly seatPrice: number
}

/** What research finds; in earnest this would be calls to people and services. */
const MARKET: readonly Vendor[] = [
  { name: 'alder', hasReport: true, seatPrice: 31 },
  { name: 'birch', hasReport: false, seatPrice: 12 },
  { name: 'cedar', hasReport: true, seatPrice: 24 },
  { name: 'elm', hasReport: false, seatPrice: 15 },
  { name: 'fir', hasReport: true, seatPrice: 27 },
]

interface Offer {
  readonly name: string
  readonly price: number
}
export interface Recommendation {
  readonly vendors: readonly Offer[]
}

/** Knows nothing of what was decided: it prices whom it is told to. */
export const pricing = task({
  name: 'pricing',
  input: z.object({ vendors: z.array(z.string()), seats: z.number() }),
  run: (ctx, { vendors, seats }) =>
    ctx.map('price', vendors, (branch, name) =>
      branch.step('ask', (): Offer => {
        const vendor = MARKET.find((one) => one.name === name)
        return { name, price: (vendor?.seatPrice ?? 0) * seats }
      }),
    ),
})

/** The cheapest first, as many as were asked for. */
const cheapest = (offers: readonly Offer[], count: number): Recommendation => ({
  vendors: offers.toSorted((a, b) => a.price - b.price).slice(0, count),
})

export const selection = task({
  name: 'vendor-selection',
  input: z.object({ seats: z.number(), day: z.union([z.string(), z.number()]) }),
  async run(ctx, { seats, day }): Promise<Recommendation> {
    const length = day as Duration // checked by ctx.sleep
    const found = await ctx.map('research', MARKET, (branch, vendor) => branch.step('look', () => vendor), {
      key: (vendor) => vendor.name,
    })
    await ctx.sleep('until the second day', length)

    for (const vendor of found.filter(({ hasReport }) => !hasReport)) {
      await ctx.decide({
        subject: `vendor:${vendor.name}`,
        choice: 'deprioritised',
        statement: `${vendor.name} is not recommended for now`,
        because: 'It has no SOC 2 report',
        alternatives: [
          { option: 'recommend with a waiver', because: 'legal refused', reopenIf: 'the report arrives' },
        ],
        rule: { target: 'recommendation', forbid: `value.vendors.exists(v, v.name == '${vendor.name}')` },
      })
    }
    await ctx.sleep('until the third day', length)

    const offers = await ctx.call(pricing, { vendors: found.map(({ name }) => name), seats })
    try {
      return await ctx.checkpoint('recommendation', cheapest(offers, 2))
    } catch (error) {
      const excluded = excludedBy(error)
      if (excluded.length === 0) throw error
      ctx.log.info(`Stopped by what was decided: ${excluded.join(', ')}`)
      const allowed = offers.filter(({ name }) => !excluded.includes(`vendor:${name}`))
      return ctx.checkpoint('recommendation', cheapest(allowed, 2))
    }
  },
})

/** Whom the decisions that stopped it are about. */
function excludedBy(error: unknown): readonly string[] {
  if (!(error instanceof ThroughlineError) || error.code !== 'decision_conflict') return []
  const decisions = error.data['decisions'] as readonly { readonly subject: string }[] // as its page says
  return decisions.map(({ subject }) => subject)
}
