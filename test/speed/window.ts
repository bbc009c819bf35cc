/**
 * How long a window of 200,000 tokens takes to fill and to show, and how far its estimate is from what another tokenizer counts.
 *
 * node --conditions=throughline-source test/speed/window.ts
 */
import { readFileSync } from 'node:fs'
import type { ModelMessage } from 'ai'
import { Tiktoken } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { open, task, type ContextWindow } from 'throughline'

const TOKENS = 200_000
/** Real prose, code and data, in pieces as tools give them. */
const texts = [
  'ARCHITECTURE.md',
  'docs/guides/memory.md',
  'docs/guides/durability.md',
  'src/run/generation.ts',
  'package-lock.json',
  'examples/bookkeeping/year/2025-01.csv',
]
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

function* turns(): Generator<ModelMessage[]> {
  for (let i = 0, at = 0; ; i++, at += 3000) {
    const from = at % (texts.length - 3000)
    const toolCallId = `call_${i}`
    yield [
      { role: 'user', content: `Read on from ${from}, please.` },
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId, toolName: 'read', input: { from, length: 3000 } }],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId,
            toolName: 'read',
            output: { type: 'text', value: texts.slice(from, from + 3000) },
          },
        ],
      },
      { role: 'assistant', content: texts.slice(from + 100, from + 400) },
    ]
  }
}

/** As a provider would: another table, marks around each message, instructions and tools nobody else sees. */
function provider(table: Tiktoken, overhead: number, stretch: number) {
  const known = new Map<string, number>()
  const count = (text: string): number => {
    const there = known.get(text) ?? table.encode(text, [], []).length
    known.set(text, there)
    return there
  }
  const countPart = (part: { readonly type: string }): number =>
    'text' in part
      ? count(String(part.text))
      : 'output' in part
        ? 11 + count(String((part.output as { value: unknown }).value))
        : 11 + count(JSON.stringify('input' in part ? part.input : ''))
  return (messages: readonly ModelMessage[]): number =>
    Math.round(
      stretch *
        messages.reduce(
          (sum, { content }) =>
            sum +
            4 +
            (typeof content === 'string'
              ? count(content)
              : content.reduce((n, part) => n + countPart(part), 0)),
          overhead,
        ),
    )
}

async function withWindow<T>(work: (own: ContextWindow) => Promise<T>): Promise<T> {
  let given: T | undefined
  const one = task({ name: 'one', run: async (ctx) => void (given = await work(ctx.context)) })
  const tl = await open({ store: 'memory:', tasks: [one] })
  await (await tl.start(one, {})).result()
  await tl.close()
  return given as T
}

const ms = (n: number): string => n.toFixed(3)
const quantile = (of: readonly number[], q: number): number =>
  of.toSorted((a, b) => a - b)[Math.floor((of.length - 1) * q)] ?? 0

await withWindow(async (own) => {
  const each: number[] = []
  const all = turns()
  own.add({ role: 'user', content: 'warm' })
  for (;;) {
    const turn = all.next().value as ModelMessage[]
    const started = performance.now()
    own.add(turn)
    await own.messages()
    each.push(performance.now() - started)
    if (own.tokens >= TOKENS) break
  }
  const full: number[] = []
  for (let i = 0; i < 200; i++) {
    const started = performance.now()
    own.add({ role: 'user', content: `And ${i}?` })
    await own.messages()
    full.push(performance.now() - started)
  }
  const total = each.reduce((sum, n) => sum + n, 0)
  console.log(
    `filled to ${own.tokens} tokens in ${each.length} turns: ${ms(total)} ms; a turn of four messages p50 ${ms(quantile(each, 0.5))} ms, p99 ${ms(quantile(each, 0.99))} ms`,
  )
  console.log(
    `at full size, a short message added and everything given out: p50 ${ms(quantile(full, 0.5))} ms, p99 ${ms(quantile(full, 0.99))} ms`,
  )
  // As the SDK hands them to a provider: other objects around the same texts.
  const sent = (await own.messages()).map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string' ? [{ type: 'text', text: content }] : content.map((part) => ({ ...part })),
  }))
  const started = performance.now()
  own.reported({ inputTokens: own.tokens, messages: sent })
  console.log(`a report over all of it, in new objects: ${ms(performance.now() - started)} ms`)
  const begun = performance.now()
  const { before, after } = await own.compact()
  console.log(`a compaction from ${before} to ${after}: ${ms(performance.now() - begun)} ms`)
})

for (const [name, ranks, overhead, stretch] of [
  ['o200k, 800 of tools', o200k, 800, 1],
  ['cl100k, 800 of tools', cl100k, 800, 1],
  ['cl100k x 1.2, 2,000 of tools', cl100k, 2000, 1.2],
] as const) {
  const count = provider(new Tiktoken(ranks), overhead, stretch)
  for (const start of [5000, 20_000, 50_000]) {
    await withWindow(async (own) => {
      const [tenth, half]: [number[], number[]] = [[], []]
      let reported = 0
      for (const turn of turns()) {
        own.add(turn)
        const messages = await own.messages()
        const theirs = count(messages)
        if (reported > 0) {
          const error = (own.tokens - theirs) / theirs
          if (theirs <= reported * 1.1) tenth.push(error)
          half.push(error)
          if (theirs > reported * 1.5) break
        } else if (theirs >= start) {
          own.reported({ inputTokens: theirs, messages })
          reported = theirs
        }
      }
      console.log(
        `${name}: one report at ${reported}; error until a tenth more ${range(tenth)}, until half as much again ${range(half)}`,
      )
    })
  }
  await withWindow(async (own) => {
    const errors: number[] = []
    for (const turn of turns()) {
      own.add(turn)
      const messages = await own.messages()
      const theirs = count(messages)
      errors.push((own.tokens - theirs) / theirs)
      own.reported({ inputTokens: theirs, messages })
      if (theirs > 60_000) break
    }
    console.log(
      `${name}: a report with every turn; error from the third on ${range(errors.slice(2))} (${errors.length} turns)`,
    )
  })
}

function range(of: readonly number[]): string {
  const shown = (n: number) => `${n >= 0 ? '+' : ''}${(n * 100).toFixed(2)} %`
  return of.length === 0 ? 'none' : `${shown(Math.min(...of))} to ${shown(Math.max(...of))}`
}
