import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ask, fallback, halt, open, repair, retry, task, type Throughline } from 'throughline'
import { breakerOf, type Breaker } from '../../src/recovery/index.ts'
import { freshSchema } from '../servers/schemas.ts'

const down = new Set<string>()
const sending = task({
  name: 'sending',
  recovery: {
    toolFailure: retry({ attempts: 2, initial: '20ms' }).then(fallback('post')).then(ask('ops')),
    malformedOutput: repair({ attempts: 1 }).then(halt()),
  },
  run: (ctx, { mode }: { mode: string }) =>
    ctx.recover(
      'send',
      ({ instead, feedback }) => {
        if (mode === 'malformed') {
          if (feedback) return 'mended'
          throw new Error('malformed')
        }
        if (instead === 'post' && !down.has('post')) return 'by post'
        throw new Error('down')
      },
      { modeOf: (error) => ((error as Error).message === 'malformed' ? 'malformedOutput' : 'toolFailure') },
    ),
})

const folder = mkdtempSync(join(tmpdir(), 'throughline-recovery-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const stores = { 'a file': () => join(folder, 'r.db'), Postgres: freshSchema }

async function story(tl: Throughline, address: string) {
  const posted = await tl.start(sending, { mode: 'down' })
  const mended = await tl.start(sending, { mode: 'malformed' })
  const results = await Promise.all([posted.result(), mended.result()])
  down.add('post')
  const asking = await tl.start(sending, { mode: 'down' })
  while ((await asking.status()) !== 'waiting' || (await tl.inbox.list({ to: 'ops' })).questions.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const [question] = (await tl.inbox.list({ to: 'ops' })).questions
  const client = await open({ store: address, tasks: [sending], worker: false })
  await client.inbox.answer(question?.id ?? '', 'It cannot be mended', { by: 'ada' })
  const end = await asking.result().catch((error: { code?: string; mode?: string }) => error.mode)
  const before = await client.failures()
  await client.rebuild()
  const after = await client.failures()
  await client.close()
  return { results, end, before, isSame: JSON.stringify(before) === JSON.stringify(after) }
}

test.each(Object.entries(stores))(
  'ladders are walked, counted and rebuilt on %s',
  async (_name, addressOf) => {
    down.clear()
    const address = await addressOf()
    await using tl = await open({ store: address, tasks: [sending] })
    const { results, end, before, isSame } = await story(tl, address)
    expect(results).toEqual(['by post', 'mended'])
    expect(end).toBe('failure_unhandled')
    expect(isSame).toBe(true)
    expect(before.modes).toMatchObject([
      { task: 'sending', mode: 'tool_failure', met: 2, unhandled: 0, ended: { recovered: 1, halted: 1 } },
      { task: 'sending', mode: 'malformed_output', met: 1, ended: { recovered: 1 } },
    ])
    expect((await tl.verify()).breaks).toEqual([])
  },
)

test.each(Object.entries(stores))(
  'workers that fail at once share one breaker on %s',
  async (name, addressOf) => {
    const address = await addressOf()
    const sites = [await open({ store: address }), await open({ store: address, worker: false })]
    let time = Date.now()
    const [one, other] = sites.map(({ log }) => breakerOf(log, `model/shared by ${name}`, () => time)) as [
      Breaker,
      Breaker,
    ]
    const breakers = Array.from({ length: 24 }, (_, n) => (n % 2 ? one : other))
    const failure = {
      mode: 'provider_outage',
      isTransient: true,
      evidence: { name: 'AI_APICallError', message: 'no', status: 503 },
    } as const
    await Promise.all(breakers.map((breaker) => breaker.after(failure)))
    time += 1000
    expect(await Promise.all([one.before(), other.before()])).toMatchObject(
      [failure.mode, failure.mode].map((mode) => ({ mode })),
    )
    time += 5000
    const asked = await Promise.all(breakers.map((breaker) => breaker.before()))
    expect(asked.filter((refusal) => refusal === undefined)).toHaveLength(1)
    await Promise.all(sites.map((tl) => tl.close()))
  },
)
