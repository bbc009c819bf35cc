/**
 * An office moves: prices are asked for, a mover is chosen, and then everything waits for the landlord. What the assistant decided and
 * promised meanwhile is in memory, for whoever goes on, weeks later.
 */
import { task } from 'throughline'
import { z } from 'zod'

interface Mover {
  readonly name: string
  readonly isInsured: boolean
  readonly perDesk: number
  readonly withoutLift: number
}

/** What asking comes to; in earnest these would be letters and answers. */
const MOVERS: readonly Mover[] = [
  { name: 'alder', isInsured: true, perDesk: 95, withoutLift: 600 },
  { name: 'birch', isInsured: false, perDesk: 60, withoutLift: 400 },
  { name: 'cedar', isInsured: true, perDesk: 80, withoutLift: 900 },
]

const WEEK_MS = 7 * 86_400_000

export const officeMove = task({
  name: 'office-move',
  input: z.object({ desks: z.number().int().positive() }),
  async run(ctx, { desks }) {
    await ctx.plan([
      { id: 'prices', title: 'Ask three movers for their prices' },
      { id: 'mover', title: 'Choose a mover' },
      { id: 'lift', title: 'Hear from the landlord about the goods lift' },
      { id: 'book', title: 'Book the mover' },
    ])
    const offers = await ctx.map(
      'movers',
      MOVERS,
      (branch, mover) => branch.step('price', () => ({ ...mover, price: mover.perDesk * desks })),
      { key: ({ name }) => name },
    )
    await ctx.plan.done('prices')

    const cheapestFirst = offers.toSorted((a, b) => a.price - b.price)
    for (const { name, price } of cheapestFirst.filter(({ isInsured }) => !isInsured))
      await ctx.decide({
        subject: `mover:${name}`,
        choice: 'not booked',
        statement: `${name} is not booked, at ${price}`,
        because: 'Not insured for computers',
        alternatives: [
          { option: `book ${name} and insure ourselves`, reopenIf: 'an insurer quotes below 300' },
        ],
        rule: { target: 'booking', forbid: `value.mover == '${name}'` },
      })
    const [chosen, next] = cheapestFirst.filter(({ isInsured }) => isInsured)
    if (!chosen || !next) throw new Error('There are not two insured movers to choose from.')
    await ctx.decide({
      subject: 'mover',
      choice: chosen.name,
      statement: `${chosen.name} is to be booked, at ${chosen.price}`,
      because: `The cheapest with insurance; ${next.price - chosen.price} less than ${next.name}`,
      alternatives: [
        { option: next.name, because: `${next.price} with the lift`, reopenIf: 'the goods lift is refused' },
      ],
    })
    await ctx.plan.done('mover', `${chosen.name}, if the lift may be used`)

    await ctx.remember({
      kind: 'commitment',
      subject: 'landlord',
      statement: 'Send the landlord a list of what is heavier than 100 kg',
      dueAt: new Date(ctx.now() + 4 * WEEK_MS),
    })
    await ctx.remember({
      kind: 'commitment',
      subject: 'team',
      statement: 'Tell everybody the day, two weeks ahead',
      dueAt: new Date(ctx.now() + 6 * WEEK_MS),
    })
    await ctx.remember({
      kind: 'question',
      subject: 'goods lift',
      statement: 'May the goods lift be used on a Saturday?',
    })

    const { granted } = await ctx.wait('lift', { schema: z.object({ granted: z.boolean() }) })
    await ctx.plan.done('lift', granted ? 'granted' : 'refused')
    // Refused, the other one is cheaper from some number of desks on: that is what the decision was to be reopened for.
    const cost = (offer: typeof chosen) => offer.price + (granted ? 0 : offer.withoutLift)
    const mover = cost(next) < cost(chosen) ? next : chosen
    const booking = await ctx.checkpoint('booking', { mover: mover.name, price: cost(mover), lift: granted })
    const letter = await ctx.step('book', () => letterTo(booking, desks), { effect: 'once' })
    await ctx.plan.done('book')
    return { ...booking, letter }
  },
})

const letterTo = (booking: { mover: string; price: number; lift: boolean }, desks: number): string =>
  `To ${booking.mover}: we take your offer of ${booking.price} for ${desks} desks, ${booking.lift ? 'with the goods lift' : 'by the stairs'}.`
