/**
 * Labelled outputs past the product: decisions through `tl.memory`, outputs through `ctx.checkpoint` and as outputs of a task.
 *
 * D1. Two rounds. Between them, while the run waits, some decisions are withdrawn or replaced and others are made: what counts is what
 *     is live when a value passes.
 * D2. Beside those in force there are decisions that bind nothing here: withdrawn, superseded, proposed, not yet or no longer true, of
 *     another scope or checkpoint, or such that only warn. Whoever counts them blocks too much.
 * D3. Caught is what is refused with `decision_conflict` and names exactly the decisions it goes against.
 */
import type * as throughline from 'throughline'
import type { Random } from '../random.ts'
import { outputs, type Labelled } from './outputs.ts'
import { excluded, general, type Policy, type Recommendation } from './policies.ts'

type Product = Pick<typeof throughline, 'open' | 'task'>
type Open = Awaited<ReturnType<Product['open']>>

export interface Tally {
  readonly outputs: number
  /** In conflict with live decisions. */
  readonly seeded: number
  /** Of these, refused. */
  readonly caught: number
  /** Of these, naming exactly what they go against. */
  readonly named: number
  /** Refused, although nothing live is against it. */
  readonly falseBlocks: number
  /** What went otherwise than it should have, for people. */
  readonly wrong: readonly string[]
}

/** What came of passing a value: the subjects of the decisions that stopped it, or the code of another error. */
type Outcome = { readonly against: readonly string[] } | { readonly failed: string }

const SCOPE = 'acme/purchasing'
const TARGET = 'recommendation'
const DAY_MS = 86_400_000

export async function drive(
  { open, task }: Product,
  { store, count, random }: { readonly store: string; readonly count: number; readonly random: Random },
): Promise<Tally> {
  const reviewing = task({
    name: 'reviewing',
    async run(ctx, rounds: readonly (readonly Recommendation[])[]) {
      const all: Outcome[][] = []
      for (const round of rounds) {
        const outcomes: Outcome[] = []
        for (const value of round)
          outcomes.push(await ctx.checkpoint(TARGET, value).then(() => ({ against: [] }), outcomeOf))
        all.push(outcomes)
        await ctx.wait('next')
      }
      return all
    },
  })
  // Its output is a checkpoint of its name.
  const recommending = task({ name: TARGET, run: async (_ctx, value: Recommendation) => value })
  const tl = await open({ store, tasks: [reviewing, recommending] })
  try {
    const first = [...general, ...['maple', 'O\'Neil "& Söhne"', '樫の木', 'oak '].map(excluded)]
    const dropped = [excluded('maple'), general[2]].filter((policy) => policy !== undefined)
    const later = [excluded('willow'), excluded('walnut\\')]
    const second = [
      ...first.filter(({ subject }) => !dropped.some((one) => one.subject === subject)),
      ...later,
    ]
    await decoys(tl)
    const ids = new Map<string, string>()
    for (const policy of first) ids.set(policy.subject, await decide(tl, policy, random))

    const half = Math.ceil(count / 4) * 2
    const rounds = [
      outputs(half, random, { inForce: first, harmless: [...HARMLESS, 'willow', 'walnut\\'] }),
      outputs(count - half, random, { inForce: second, harmless: [...HARMLESS, 'maple'] }),
    ]
    mustBeLabelled(rounds[0] ?? [], first)
    mustBeLabelled(rounds[1] ?? [], second)
    // Every third as the output of a task, the others past a checkpoint of one run.
    const byCheckpoint = rounds.map((round) => round.filter((_, i) => i % 3 !== 0))
    const byOutput = rounds.map((round) => round.filter((_, i) => i % 3 === 0))
    const run = await tl.start(
      reviewing,
      byCheckpoint.map((round) => round.map(({ value }) => value)),
      { scope: SCOPE },
    )
    const ended = [await asOutputs(tl, byOutput[0] ?? [], recommending)]
    await waiting(run)
    for (const { subject } of dropped)
      await tl.memory.withdraw(String(ids.get(subject)), { because: 'It has changed' })
    for (const policy of later) await decide(tl, policy, random)
    await run.signal('next', {})
    ended.push(await asOutputs(tl, byOutput[1] ?? [], recommending))
    await waiting(run)
    await run.signal('next', {})
    return tallied(
      [...byCheckpoint.flat(), ...byOutput.flat()],
      [...(await run.result()).flat(), ...ended.flat()],
    )
  } finally {
    await tl.close()
  }
}

async function decide(tl: Open, { subject, because, rule }: Policy, random: Random): Promise<string> {
  const { id } = await tl.memory.decide({
    subject,
    choice: 'as the rule says',
    because,
    // What holds in a scope holds below it; what holds for a pattern of names holds for each.
    scope: random.pick([SCOPE, 'acme', '']),
    rule: { target: random.pick([TARGET, 'recommend*', '*dation']), ...rule },
  })
  return id
}

/** Decisions against these names do not bind here, each for a reason of its own. */
const HARMLESS = [
  'withdrawn-vendor',
  'superseded-vendor',
  'proposed-vendor',
  'future-vendor',
  'past-vendor',
  'elsewhere-vendor',
  'shipping-vendor',
  'warned-vendor',
  'Maple',
  'maple ',
  'oak',
  'map',
  'maple-2',
  'x || true',
]

async function decoys(tl: Open): Promise<void> {
  const now = Date.now()
  const against = (name: string, change: object = {}, target = TARGET) => {
    const { subject, because, rule } = excluded(name)
    return tl.memory.decide({
      subject,
      choice: 'excluded',
      because,
      scope: SCOPE,
      rule: { target, ...rule, ...(name === 'warned-vendor' ? { effect: 'warn' as const } : {}) },
      ...change,
    })
  }
  await tl.memory.withdraw((await against('withdrawn-vendor')).id, { because: 'The report arrived' })
  const { id } = await against('superseded-vendor')
  await tl.memory.supersede(id, {
    subject: 'vendor:superseded-vendor',
    choice: 'welcome',
    because: 'The report arrived',
    scope: SCOPE,
  })
  await against('proposed-vendor', { status: 'proposed' })
  await against('future-vendor', { validFrom: new Date(now + DAY_MS) })
  await against('past-vendor', { validFrom: new Date(now - 2 * DAY_MS), validTo: new Date(now - DAY_MS) })
  await against('elsewhere-vendor', { scope: 'acme/hiring' })
  await against('shipping-vendor', {}, 'shipping')
  await against('warned-vendor')
}

/** Each as what a run of its own gives back. */
async function asOutputs(
  tl: Open,
  labelled: readonly Labelled[],
  of: Parameters<Open['start']>[0],
): Promise<readonly Outcome[]> {
  return Promise.all(
    labelled.map(async ({ value }) => {
      const run = await tl.start(of, value, { scope: SCOPE })
      return run.result().then((): Outcome => ({ against: [] }), outcomeOf)
    }),
  )
}

async function waiting(run: { status(): Promise<string> }): Promise<void> {
  for (;;) {
    const status = await run.status()
    if (status === 'waiting') return
    if (status !== 'running' && status !== 'queued')
      throw new Error(`The run that passes values is ${status}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Of the refusal itself, or of a run that failed by it. */
function outcomeOf(error: unknown): Outcome {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && at.code === 'decision_conflict' && 'data' in at) {
      const { decisions } = at.data as { readonly decisions?: readonly { readonly subject: string }[] } // as its page says
      return { against: (decisions ?? []).map(({ subject }) => subject) }
    }
  return { failed: String(error) }
}

/** A wrong label would be blamed on the product (V2 of policies.ts). */
function mustBeLabelled(round: readonly Labelled[], inForce: readonly Policy[]): void {
  for (const { value, breaks } of round) {
    const broken = inForce.filter(({ isBroken }) => isBroken(value)).map(({ subject }) => subject)
    const said = breaks.map(({ subject }) => subject)
    if (broken.toSorted().join('\n') !== said.toSorted().join('\n'))
      throw new Error(
        `A value is labelled [${said.join()}] and breaks [${broken.join()}]: ${JSON.stringify(value)}`,
      )
  }
}

function tallied(labelled: readonly Labelled[], outcomes: readonly Outcome[]): Tally {
  if (labelled.length !== outcomes.length)
    throw new Error(`Of ${labelled.length} outputs ${outcomes.length} came to something.`)
  const tally = { outputs: labelled.length, seeded: 0, caught: 0, named: 0, falseBlocks: 0 }
  const wrong: string[] = []
  labelled.forEach(({ value, breaks }, i) => {
    const outcome = outcomes[i] ?? { failed: 'nothing' }
    const against = 'against' in outcome ? outcome.against.toSorted() : undefined
    const expected = breaks.map(({ subject }) => subject).toSorted()
    const isExact = against?.join('\n') === expected.join('\n')
    if (expected.length > 0) {
      tally.seeded++
      if (against !== undefined && against.length > 0) tally.caught++
      if (isExact) tally.named++
    } else if (!isExact) tally.falseBlocks++
    if (!isExact)
      wrong.push(`expected [${expected.join()}], was ${JSON.stringify(outcome)}: ${JSON.stringify(value)}`)
  })
  return { ...tally, wrong }
}
