/** Random conversations against what must hold of every window. */
import type { ModelMessage } from 'ai'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { task, type Compaction, type ContextWindow } from '../../task/index.ts'
import { testbed } from '../../testing/index.ts'
import { dropToolBodies, summarise, window } from './index.ts'

type Turn =
  | { readonly is: 'say'; readonly words: number; readonly pin: boolean; readonly priority: number }
  | { readonly is: 'ask'; readonly words: number; readonly isResolved: boolean }
  | { readonly is: 'system'; readonly words: number }
  | {
      readonly is: 'tools'
      readonly sizes: readonly number[]
      readonly isSplit: boolean
      readonly isOpen: boolean
    }
  | { readonly is: 'show' }
  | { readonly is: 'compact' }

const words = fc.integer({ min: 1, max: 120 })
const turn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('say' as const),
      words,
      pin: fc.boolean().map((b) => b),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('ask' as const), words, isResolved: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('system' as const), words }) },
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('tools' as const),
      sizes: fc.array(words, { minLength: 1, maxLength: 3 }),
      isSplit: fc.boolean(),
      isOpen: fc.constant(false),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ is: 'show' as const }) },
  { weight: 1, arbitrary: fc.constant({ is: 'compact' as const }) },
)
const strategies: Readonly<Record<string, () => Compaction>> = {
  bodies: () => dropToolBodies({ last: 1 }),
  window: () => window({ last: 2 }),
  all: () => window({ last: 0 }),
  chain: () => dropToolBodies().then(window({ last: 3 })),
  // One that rambles: whatever it says, the window must shrink or refuse.
  summary: () => summarise({ model: (text) => text, last: 2, maxTokens: 150 }).then(window({ last: 1 })),
  empty: () => summarise({ model: () => '', last: 0 }),
}
const script = fc.record({
  limit: fc.integer({ min: 60, max: 2500 }),
  strategy: fc.constantFrom(...Object.keys(strategies)),
  turns: fc.array(turn, { maxLength: 40, size: 'max' }),
})
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never

interface Seen {
  readonly shown: readonly ModelMessage[]
  readonly tokens: number
  readonly mustStay: readonly string[]
}

interface Told {
  readonly seen: readonly Seen[]
  readonly wrong: readonly string[]
}

const text = (mark: string, n: number): string =>
  `${mark} ${Array.from({ length: n }, (_, i) => `w${i}`).join(' ')}`

async function carryOut(own: ContextWindow, { limit, turns }: Script): Promise<Told> {
  const seen: Seen[] = []
  const wrong: string[] = []
  const mustStay = new Set<string>()
  const originals = new Map<string, string>()
  const add = (given: ModelMessage[], options: Parameters<ContextWindow['add']>[1] = {}) => {
    for (const [i, id] of own.add(given, options).entries()) originals.set(id, JSON.stringify(given[i]))
  }
  for (const [i, one] of turns.entries()) {
    const mark = `mark${i}.`
    if (one.is === 'say') {
      add([{ role: i % 2 ? 'assistant' : 'user', content: text(mark, one.words) }], {
        pin: one.pin && i % 5 === 0,
        priority: one.priority,
      })
      if (one.pin && i % 5 === 0) mustStay.add(mark)
    } else if (one.is === 'system') {
      add([{ role: 'system', content: text(mark, one.words) }])
      mustStay.add(mark)
    } else if (one.is === 'ask') {
      add([{ role: 'assistant', content: text(mark, one.words) }], { kind: 'question', id: mark })
      if (one.isResolved) own.resolve(mark)
      else mustStay.add(mark)
    } else if (one.is === 'tools') {
      const ids = one.sizes.map((_, at) => `call_${at}`)
      add([
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: mark, providerOptions: { p: { signature: `sig${mark}` } } },
            ...ids.map((toolCallId) => ({
              type: 'tool-call' as const,
              toolCallId,
              toolName: 'look',
              input: { mark },
            })),
          ],
        },
      ])
      const results = one.sizes.map((size, at) => ({
        type: 'tool-result' as const,
        toolCallId: `call_${at}`,
        toolName: 'look',
        output: { type: 'text' as const, value: text(mark, size) },
      }))
      if (one.isSplit) for (const result of results) add([{ role: 'tool', content: [result] }])
      else add([{ role: 'tool', content: results }])
    } else {
      const before = JSON.stringify([own.tokens, own.dropped])
      const had = own.tokens
      try {
        if (one.is === 'compact') {
          const { after } = await own.compact()
          if (after >= had) wrong.push(`${mark} did not shrink`)
          if (own.tokens > after) wrong.push(`${mark} has ${own.tokens}, and said ${after}`)
        } else seen.push({ shown: await own.messages(), tokens: own.tokens, mustStay: [...mustStay] })
      } catch (error) {
        if ((error as { code?: string }).code !== 'context_overflow') throw error
        if (JSON.stringify([own.tokens, own.dropped]) !== before)
          wrong.push(`${mark} was refused, and changed all the same`)
      }
    }
  }
  for (const [id, original] of originals)
    if (JSON.stringify(own.fetch(id)) !== original) wrong.push(`${id} cannot be fetched back`)
  for (const { tokens } of seen) if (tokens > limit) wrong.push(`${tokens} of ${limit}`)
  return { seen, wrong }
}

/** Every call has its results, right after it in the order of the conversation, and no result is alone. */
function splitPairs(shown: readonly ModelMessage[]): readonly string[] {
  const wrong: string[] = []
  let open = new Set<string>()
  for (const { role, content } of shown) {
    if (typeof content === 'string') continue
    for (const part of content) {
      if (part.type === 'tool-call') open.add(part.toolCallId)
      else if (part.type === 'tool-result' && role === 'tool' && !open.delete(part.toolCallId))
        wrong.push(`no call for ${part.toolCallId}`)
      else if (part.type === 'reasoning' && part.providerOptions?.['p']?.['signature'] !== `sig${part.text}`)
        wrong.push('signature lost')
    }
    if (role === 'assistant') open = new Set(open)
  }
  return open.size > 0 ? [...wrong, `calls without results: ${[...open].join()}`] : wrong
}

const talk = task({
  name: 'talk',
  run: (ctx, given: Script) =>
    carryOut(ctx.context.open({ maxTokens: given.limit, compaction: strategies[given.strategy]!() }), given),
})

test('pins are never lost, pairs never split, the budget never passed unless refused; it shrinks or refuses', async () => {
  const bed = await testbed({ tasks: [talk] })
  await fc.assert(
    fc.asyncProperty(script, async (given) => {
      const run = await bed.start(talk, given)
      await bed.settle()
      const { seen, wrong } = await run.result()
      expect(wrong).toEqual([])
      for (const { shown, mustStay } of seen) {
        expect(splitPairs(shown)).toEqual([])
        const all = JSON.stringify(shown)
        expect(mustStay.filter((mark) => !all.includes(`"${mark} `))).toEqual([])
      }
    }),
    { numRuns: 200 },
  )
  await bed.close()
})

test('a crash between any two moments changes nothing of what is shown', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (given) => {
      let isFirst = true
      const again = task({
        name: 'again',
        async run(ctx, one: Script) {
          const told = await carryOut(
            ctx.context.open({ maxTokens: one.limit, compaction: strategies[one.strategy]!() }),
            one,
          )
          if (isFirst) {
            await ctx.step('told', () => told)
            await ctx.wait('go')
          }
          return told
        },
      })
      const bed = await testbed({ tasks: [again] })
      const { id } = await bed.start(again, given)
      await bed.settle()
      const told = (await Array.fromAsync(bed.tl.history(id))).find(({ name }) => name === 'told')
      isFirst = false
      await bed.crash()
      await bed.settle()
      expect(JSON.stringify(await (await bed.run(id)).result())).toBe(
        JSON.stringify(JSON.parse(told!.body!).v),
      )
      await bed.close()
    }),
    { numRuns: 25 },
  )
})
