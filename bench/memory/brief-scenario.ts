/**
 * A run of so many events, and its brief: `brief-scenario.ts [events] [store]`, in a process of its own.
 *
 * With decisions, constraints and promises in its scope. Timed are: the first brief of the process, which reads the whole record and the
 * tokenizer's table; the same asked again; and one after each of further steps, which reads what is new, is worded anew, and is recorded
 * with a commit of its own.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { answer } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { scratch } from '../scratch.ts'
import { percentile } from '../statistics.ts'
import { timed } from '../subject.ts'

const events = Number(process.argv[2] ?? 10_000)
const store = process.argv[3] ?? `file:${join(scratch('brief'), 'brief.db')}`
const ROUNDS = 200
const scope = 'bench/brief'

const { open, task } = await loadWhole()
const long = task({
  name: 'long',
  async run(ctx) {
    await ctx.plan(
      Array.from({ length: 20 }, (_, i) => ({ id: `part-${i}`, title: `Part ${i} of the work` })),
    )
    for (let from = 0; from < events; from += 50)
      await Promise.all(
        Array.from({ length: Math.min(50, events - from) }, (_, i) =>
          ctx.step(`inspect:${from + i}`, () => ({
            package: `package-${from + i}`,
            license: i % 7 === 0 ? 'GPL-3.0' : 'MIT',
          })),
        ),
      )
    for (;;) await ctx.wait('more')
  },
})

let tl = await open({ store, tasks: [long] })
const { id } = await tl.start(long, {}, { scope })
for (let i = 0; i < 30; i++)
  await tl.memory.decide({
    subject: `package:${i}`,
    choice: 'excluded',
    because: `Its licence does not fit clause ${i} of the contract`,
    alternatives: [
      { option: 'ask for an exception', because: 'legal refused', reopenIf: 'the contract changes' },
    ],
    scope,
  })
for (const kind of ['constraint', 'commitment', 'question', 'fact'] as const)
  for (let i = 0; i < 10; i++)
    await tl.memory.remember({
      kind,
      subject: `${kind}:${i}`,
      statement: `The ${kind} of number ${i}`,
      scope,
    })
await waiting()
await tl.close()

tl = await open({ store, tasks: [long] })
const first: number[] = []
const { tokens } = await timed(first, () => tl.brief(id))
const again: number[] = []
for (let i = 0; i < ROUNDS; i++) await timed(again, () => tl.brief(id))
const after: number[] = []
await waiting()
for (let i = 0; i < ROUNDS; i++) {
  await (await tl.run(id)).signal('more', `round ${i}`)
  await waiting()
  await timed(after, () => tl.brief(id))
}
const recorded = (await Array.fromAsync(tl.history(id))).length
await tl.close()
answer({
  recorded,
  tokens,
  firstMs: first[0],
  again: { p50: percentile(again, 0.5), p95: percentile(again, 0.95) },
  after: { p50: percentile(after, 0.5), p95: percentile(after, 0.95) },
})

async function waiting(): Promise<void> {
  while ((await (await tl.run(id)).status()) !== 'waiting') await pause(2)
}
