/**
 * How long a brief takes: `node --conditions=throughline-source test/speed/brief.ts [events] [store]`.
 *
 * A run of so many events (10,000 unless told), with decisions, constraints and promises in its scope. Timed are: the first brief of the
 * process, which reads the whole record and the tokenizer's table; the same asked again; and one after each of further steps, which
 * reads what is new, is worded anew, and is recorded with a commit of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, task, type Throughline } from 'throughline'

const events = Number(process.argv[2] ?? 10_000)
const folder = mkdtempSync(join(tmpdir(), 'throughline-brief-'))
const store = process.argv[3] ?? `file:${join(folder, 'brief.db')}`
const ROUNDS = 200

const long = task({
  name: 'long',
  async run(ctx) {
    await ctx.plan(
      Array.from({ length: 20 }, (_, i) => ({ id: `part-${i}`, title: `Part ${i} of the work` })),
    )
    for (let i = 0; i < events; i += 1)
      await ctx.step(`inspect:${i}`, () => ({
        package: `package-${i}`,
        license: i % 7 === 0 ? 'GPL-3.0' : 'MIT',
      }))
    for (;;) await ctx.wait('more')
  },
})

async function waiting(tl: Throughline, id: string): Promise<void> {
  while ((await (await tl.run(id)).status()) !== 'waiting')
    await new Promise((resolve) => setTimeout(resolve, 2))
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work()
  return performance.now() - from
}

function say(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)
  console.log(
    `${what.padEnd(34)} p50 ${at(0.5).padStart(8)} ms   p95 ${at(0.95).padStart(8)} ms   (${times.length})`,
  )
}

let tl = await open({ store, tasks: [long] })
const run = await tl.start(long, {}, { scope: 'speed/brief' })
for (let i = 0; i < 30; i++)
  await tl.memory.decide({
    subject: `package:${i}`,
    choice: 'excluded',
    because: `Its licence does not fit clause ${i} of the contract`,
    alternatives: [
      { option: 'ask for an exception', because: 'legal refused', reopenIf: 'the contract changes' },
    ],
    scope: 'speed/brief',
  })
for (const kind of ['constraint', 'commitment', 'question', 'fact'] as const)
  for (let i = 0; i < 10; i++)
    await tl.memory.remember({
      kind,
      subject: `${kind}:${i}`,
      statement: `The ${kind} of number ${i}`,
      scope: 'speed/brief',
    })
await waiting(tl, run.id)
await tl.close()

tl = await open({ store, tasks: [long] })
const first = await timed(() => tl.brief(run.id))
const { tokens, markdown } = await tl.brief(run.id)
console.log(
  `A run of ${(await Array.fromAsync(tl.history(run.id))).length} events; its brief has ${tokens} tokens, ${markdown.length} characters.`,
)
say('first in the process', [first])
const again: number[] = []
for (let i = 0; i < ROUNDS; i++) again.push(await timed(() => tl.brief(run.id)))
say('again, nothing has changed', again)
const after: number[] = []
await waiting(tl, run.id)
for (let i = 0; i < ROUNDS; i++) {
  await (await tl.run(run.id)).signal('more', `round ${i}`)
  await waiting(tl, run.id)
  after.push(await timed(() => tl.brief(run.id)))
}
say('after something has changed', after)
await tl.close()
rmSync(folder, { recursive: true, force: true })
