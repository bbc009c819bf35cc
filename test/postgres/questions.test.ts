import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const asking = task({
  name: 'asking',
  async run(ctx, input) {
    const n = Number(input)
    const first = await ctx.ask(`Number of ${n}?`, { schema: z.number().refine((x) => x >= 0), to: 'ops' })
    const verdict = await ctx.approve('it', { proposal: { n, first } })
    return [first, verdict.approved, verdict.by]
  },
})
const late = task({
  name: 'late',
  run: (ctx) => ctx.ask('Now?', { timeout: '50ms' }).catch((error: { code?: string }) => error.code),
})
const tasks = [asking, late]
const RUNS = 12

/** What is asked, once so many are. */
async function asked(tl: Throughline, count: number, query: object = {}) {
  for (;;) {
    const { questions } = await tl.inbox.list({ limit: 1000, ...query })
    if (questions.length >= count) return questions
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Runs ask, and two processes that carry nothing answer every question at once. */
async function story(address: string, tl: Throughline) {
  const clients = [
    await open({ store: address, worker: false }),
    await open({ store: address, worker: false }),
  ] as const
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, n) => tl.start(asking, n)))
  const numbers = await asked(tl, RUNS, { to: 'ops' })
  const wrong = await clients[0].inbox.answer(numbers[0]?.id ?? '', 'three', { by: 'ada' }).catch(codeOf)
  const refused = numbers[1]?.id ?? ''
  await clients[1].inbox.answer(refused, -1, { by: 'ada' })
  while ((await tl.inbox.get(refused)).refused === undefined)
    await new Promise((resolve) => setTimeout(resolve, 10))
  const tries = await Promise.all(
    numbers.flatMap(({ id }, n) =>
      clients.map((client, who) =>
        client.inbox.answer(id, n, { by: `person ${who}` }).then(() => 'counted', codeOf),
      ),
    ),
  )
  const proposals = await asked(tl, RUNS, { task: 'asking' })
  await Promise.all(
    proposals.map(({ id, digest }, n) =>
      clients[n % 2 ? 1 : 0].inbox.answer(id, { approved: n % 3 > 0, digest }, { by: 'lead' }),
    ),
  )
  const results = await Promise.all(runs.map((run) => run.result()))
  const expired = await (await tl.start(late, {})).result()
  const every = { status: ['open', 'answered', 'expired', 'closed'], limit: 1000 } as const
  const before = await tl.inbox.list(every)
  await tl.rebuild()
  const after = await tl.inbox.list(every)
  await Promise.all(clients.map((client) => client.close()))
  return {
    wrong,
    counted: tries.filter((one) => one === 'counted').length,
    others: new Set(tries.filter((one) => one !== 'counted')),
    approved: results.filter(([, approved]) => approved).length,
    by: new Set(results.map(([, , by]) => by)),
    expired,
    statuses: [...Map.groupBy(before.questions, ({ status }) => status)]
      .map(([status, all]) => `${status} ${all.length}`)
      .toSorted(),
    isSame: JSON.stringify(after) === JSON.stringify(before),
    breaks: (await tl.verify()).breaks,
  }
}

const codeOf = (error: { readonly code?: string }): string | undefined => error.code

const folder = mkdtempSync(join(tmpdir(), 'throughline-questions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const stores = { 'a file': () => join(folder, 'q.db'), Postgres: freshSchema }

test.each(Object.entries(stores))(
  'on %s every question is answered once, whoever answers from wherever',
  async (_, where) => {
    const address = await where()
    const tl = await open({ store: address, tasks })
    const told = await story(address, tl)
    await tl.close()
    expect(told).toEqual({
      wrong: 'invalid_payload',
      counted: RUNS,
      others: new Set(['question_answered']),
      approved: (RUNS * 2) / 3,
      by: new Set(['lead']),
      expired: 'question_expired',
      statuses: [`answered ${2 * RUNS}`, 'expired 1'],
      isSame: true,
      breaks: [],
    })
  },
)
