/**
 * A task that leaves marks outside the record: each effect appends a line with its idempotency key to a file.
 *
 * It uses every operation once, so that a kill can fall into any of them. Effects that cannot be asked about are
 * performed one after another: then no kill can leave more than one of them in doubt.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task, type StepTools } from 'throughline'
import { z } from 'zod'

const Input = z.object({ file: z.string(), ends: z.enum(['well', 'badly', 'cancelled']) })
export type LedgerInput = z.infer<typeof Input>

const PARTS = [1, 2, 3, 4, 5]
/** Every effect that may happen once, by the name it writes. */
export const ONCE: readonly string[] = [
  'reserve',
  ...PARTS.map((n) => `charge ${n}`),
  'pack',
  'hand over',
  'pay',
]

export interface Line {
  readonly key: string
  readonly what: string
}

export function linesOf(file: string): Line[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => ({
    key: line.slice(0, line.indexOf(' ')),
    what: line.slice(line.indexOf(' ') + 1),
  }))
}

/** The effect has taken place, and its answer is still on the way: a kill may well fall between the two. */
const ANSWER_MS = 3

function mark(file: string, what: string) {
  return async ({ idempotencyKey }: Pick<StepTools, 'idempotencyKey'>): Promise<string> => {
    appendFileSync(file, `${idempotencyKey} ${what}\n`)
    await pause(ANSWER_MS)
    return what
  }
}

/** Undoing is a step of its own, which may be tried again: its line may be there twice. */
const undo = (file: string) => (what: string, tools: { readonly idempotencyKey: string }) =>
  mark(file, `undo ${what}`)(tools)

/** Looks for the key where the effect would have left it. */
const lookUp =
  (file: string, value: string) =>
  ({ idempotencyKey }: { readonly idempotencyKey: string }) =>
    linesOf(file).some(({ key }) => key === idempotencyKey)
      ? { done: true as const, value }
      : { done: false as const }

const delivery = task({
  name: 'crash-delivery',
  input: z.object({ file: z.string() }),
  async run(ctx, { file }) {
    await ctx.step('pack', mark(file, 'pack'), { effect: 'once' })
    await ctx.sleep('drive', 20)
    return ctx.step('hand over', mark(file, 'hand over'), { effect: 'once' })
  },
})

export const ledger = task({
  name: 'crash-ledger',
  input: Input,
  async run(ctx, { file, ends }) {
    await ctx.step('open', mark(file, 'open'))
    await ctx.step('reserve', mark(file, 'reserve'), { effect: 'once', compensate: undo(file) })
    const charged = await ctx.map('part', PARTS, async (branch, n) => {
      // The first attempt fails, so that kills fall into pauses between attempts too.
      const price = await branch.step('price', ({ attempt }) => priceOf(n, attempt), {
        retry: { attempts: 20, initial: 10 },
      })
      await branch.sleep('rest', 10 * n)
      const what = `charge ${n}`
      const options = { effect: 'once', reconcile: lookUp(file, what), compensate: undo(file) } as const
      return `${await branch.step('charge', mark(file, what), options)} at ${price}`
    })
    const approved = await ctx.wait('approval', { schema: z.object({ by: z.string() }) })
    const delivered = await ctx.call(delivery, { file })
    const first = await ctx.race({ nap: (b) => b.sleep('nap', 15), word: (b) => b.wait('word') })
    await ctx.step('pay', mark(file, 'pay'), { effect: 'once', compensate: undo(file) })
    if (ends === 'badly') throw new Error('The bank declined.')
    if (ends === 'cancelled') await ctx.wait('a cancellation')
    return { charged, by: approved.by, delivered, first: first.winner }
  },
})

function priceOf(n: number, attempt: number): number {
  if (n === 2 && attempt === 1) throw new Error('The price list is busy.')
  return n * 10
}

export const tasks = [ledger, delivery]
