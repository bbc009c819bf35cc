/** A store in which much is said of somebody, by way of everything that memory goes through; and what to look for in its bytes. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open, task, type Throughline } from 'throughline'

export const SUBJECT = 'customer:Orlando Quist'
export const ACTOR = 'Philippa Vane'
const SAID = 'Orlando Quist of Marzipan Lane 9 wants his refund of 4711 crowns'
const WHY = 'he has sent the kettle back unopened twice'
/** Nothing of it may be left. */
export const SECRETS = [
  'Orlando Quist',
  'Marzipan',
  '4711 crowns',
  'kettle',
  'unopened',
  'gebrannte Mandeln',
  'Philippa',
]

/** Bytes that do not compress: what is stored apart is recognised by them, too. */
const noise = (seed: string, blocks: number): string =>
  Array.from({ length: blocks }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest('hex')).join('')

/** As a model would answer: with what it was told, in other words, and at length. */
const answering = task({
  name: 'answering',
  async run(ctx, question: string) {
    const found = await ctx.recall({ query: question })
    const told = found
      .map(({ item }) => `${item.subject}: ${item.statement} (${item.because ?? ''})`)
      .join('\n')
    const answer = await ctx.step(
      `model:${found[0]?.item.subject ?? ''}`,
      () => `Answer, as gebrannte Mandeln: ${told} ${noise('answer', 60)}`,
    )
    await ctx.plan([{ id: 'pay', title: `Pay ${answer.slice(0, 400)}` }])
    return answer
  },
})
const refusing = task({
  name: 'refusing',
  run: (ctx, vendor: string) => ctx.checkpoint('payout', { vendor }),
})
const deciding = task({
  name: 'deciding',
  async run(ctx, subject: string) {
    await ctx.decide({
      subject,
      choice: 'refund',
      statement: SAID,
      because: WHY,
      alternatives: [
        { option: 'a voucher for gebrannte Mandeln', because: 'he is allergic, says Marzipan Lane' },
      ],
      rule: { target: 'payout', forbid: `value.vendor == 'Quist'` },
    })
    return ctx.wait('paid')
  },
})
const handing = task({ name: 'handing', run: (ctx, brief: string) => ctx.call(reading, brief) })
const reading = task({
  name: 'reading',
  run: (ctx, brief: string) => ctx.step('read', () => `Read: ${brief}`),
})
const bystanding = task({
  name: 'bystanding',
  async run(ctx, n: number) {
    await ctx.step('large', () => noise(`bystander ${n}`, 40))
    await ctx.remember({
      kind: 'fact',
      subject: `vendor:${n}`,
      statement: `Vendor ${n} delivers on day ${n % 7}`,
    })
    return n
  },
})
export const tasks = [answering, refusing, deciding, handing, reading, bystanding]

/** What was recorded of others, and must be there afterwards. */
export interface Others {
  readonly runs: number
  readonly items: number
}

export async function recordPersonal(tl: Throughline, bystanders = 40): Promise<Others> {
  const { memory } = tl
  await memory.remember({ kind: 'fact', subject: SUBJECT, statement: SAID, because: WHY }, { by: ACTOR })
  const decided = await tl.start(deciding, SUBJECT, { key: SUBJECT })
  const stand = async (n: number) => void (await (await tl.start(bystanding, n)).result())
  for (let n = 0; n < bystanders / 2; n++) await stand(n)
  const answered = await tl.start(answering, 'who wants a refund of the kettle')
  await answered.result()
  await (await tl.start(refusing, 'Quist')).result().catch(() => {})
  const brief = await tl.brief(decided.id, { for: ACTOR })
  await tl.acknowledge(brief.id, {
    digest: brief.digest,
    by: ACTOR,
    questions: ['Does Quist like Marzipan?'],
  })
  await (await tl.start(handing, brief.markdown)).result()
  const gone = await memory.remember(
    { kind: 'fact', subject: SUBJECT, statement: `${SAID}, at once` },
    { by: ACTOR },
  )
  await memory.withdraw(gone.id, { because: `${WHY}, so it is settled`, by: ACTOR })
  for (let n = bystanders / 2; n < bystanders; n++) await stand(n)
  // Pages are moved about, and some are free by now.
  await tl.rebuild()
  return { runs: bystanders, items: bystanders }
}

/** What of the secrets is in the files beside a store, and in which. */
export function found(store: string, secrets: readonly string[] = SECRETS): string[] {
  const folder = dirname(store)
  return readdirSync(folder).flatMap((file) => {
    const bytes = readFileSync(join(folder, file))
    return secrets
      .filter((secret) => bytes.includes(secret, 0, 'utf8') || bytes.includes(secret, 0, 'utf16le'))
      .map((secret) => `${file}: ${secret}`)
  })
}

export const openPersonal = (store: string): Promise<Throughline> => open({ store, tasks })
