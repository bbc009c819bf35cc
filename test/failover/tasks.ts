/** What is carried while things fail: every kind of operation, and effects on a real file and a real table. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { task, type StepTools, type Task } from 'throughline'
import { z } from 'zod'
import { linesOf } from '../crash/ledger.ts'
import { booked, insertBooking } from './table.ts'

const Input = z.object({ n: z.number(), folder: z.string(), database: z.string() })
export type OrderInput = z.infer<typeof Input>

/** An effect has taken place, and its answer is on the way. */
const ANSWER_MS = 30
const WORK_MS = 60
const STAGES = [0, 1, 2, 3]

export const fileIn = (folder: string): string => join(folder, 'effects.txt')

function mark(folder: string, what: string) {
  return async ({ idempotencyKey }: Pick<StepTools, 'idempotencyKey'>): Promise<string> => {
    appendFileSync(fileIn(folder), `${idempotencyKey} ${what}\n`)
    await pause(ANSWER_MS)
    return what
  }
}

/** What a person finds who looks whether an effect took place. */
export function tookPlace(folder: string, what: string): boolean {
  return linesOf(fileIn(folder)).some((line) => line.what === what)
}

/** How effects without reconcile are named, so that whoever settles one knows where to look. */
export const chargeOf = (n: number, stage: string): string => `charge ${stage} of ${n}`

async function work<V>(value: V): Promise<V> {
  await pause(WORK_MS)
  return value
}

const leg = (version: string, resumes: readonly string[]) =>
  task({
    name: 'failover-leg',
    version,
    resumes,
    input: Input,
    async run(ctx, { n, folder }) {
      await ctx.step('pack', () => work(n))
      await ctx.sleep('drive', 100)
      return ctx.step('charge:leg', mark(folder, chargeOf(n, 'leg')), { effect: 'once' })
    },
  })

const order = (version: string, resumes: readonly string[], child: Task<OrderInput, string>) =>
  task({
    name: 'failover-order',
    version,
    resumes,
    input: Input,
    async run(ctx, { n, folder, database }) {
      const price = await ctx.step('price', () => work(n * 10))
      for (const stage of STAGES) {
        await ctx.step(`work:${stage}`, () => work(stage))
        await ctx.step(`charge:${stage}`, mark(folder, chargeOf(n, `${stage}`)), { effect: 'once' })
        await ctx.sleep(`rest:${stage}`, 100 + ((n * 37 + stage * 61) % 300))
      }
      const booking = await ctx.step(
        'book',
        ({ idempotencyKey }) => insertBooking(database, idempotencyKey, n),
        {
          effect: 'once',
          retry: { attempts: 20, initial: 200, max: 1000 }, // the table is on the server that crashes
          reconcile: async ({ idempotencyKey }) =>
            (await booked(database, idempotencyKey)) ? { done: true, value: n } : { done: false },
        },
      )
      const delivered = await ctx.call(child, { n, folder, database })
      const { by } = await ctx.wait('ok', { schema: z.object({ by: z.string() }) })
      const first = await ctx.race({ nap: (b) => b.sleep('nap', 50), word: (b) => b.wait('word') })
      const parts = await ctx.map('part', [1, 2, 3], (b, part) => b.step('do', () => work(part * n)))
      return { price, booking, delivered, by, first: first.winner, parts }
    },
  })

/** What an order comes to, whatever happens on the way. */
export function resultOf(n: number): unknown {
  return {
    price: n * 10,
    booking: n,
    delivered: chargeOf(n, 'leg'),
    by: `Ada ${n}`,
    first: 'nap',
    parts: [n, 2 * n, 3 * n],
  }
}

/** What one release exports. */
export function release(version: string, resumes: readonly string[] = []) {
  const child = leg(version, resumes)
  return { leg: child, order: order(version, resumes, child) }
}
