/**
 * Many runs that wait, each with about 50 events, in processes of their own.
 *
 * `create <folder> <runs>`: brings them there; prints their ids, and what they cost in the process that made them once evicted.
 * `idle <folder>`: opens an empty store; prints its memory. `wake <folder> <ids file>`: opens the full one; prints its memory,
 * the time to wake seven one by one, and the time until all the others are done.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { loadProduct, statusOf } from '../product.ts'
import { median } from '../statistics.ts'
import { payload, stopwatch } from '../subject.ts'
import { answer } from './process.ts'
import type { RunHandle, Throughline } from '../product.ts'

const [mode, folder = '', argument = ''] = process.argv.slice(2)
const { open, task } = await loadProduct()
const woken = new Map<number, (at: number) => void>()
const waiter = task({
  name: 'waiter',
  async run(ctx, { index }: { index: number }) {
    await Promise.all(
      Array.from({ length: 47 }, (_, step) => ctx.step(`step-${step}`, () => payload(step, 100))),
    )
    await ctx.wait('go')
    return ctx.step('after', () => {
      woken.get(index)?.(performance.now())
      return index
    })
  },
})
const store = `file:${join(folder, mode === 'idle' ? 'idle.db' : 'waiting.db')}`
const tl = await open({ store, tasks: [waiter] })

const modes: Record<string, () => Promise<unknown>> = { create, idle, wake }
const value = await modes[mode ?? '']?.()
await tl.close()
answer(value)

async function settledMemory(): Promise<{ readonly rss: number; readonly heap: number }> {
  await pause(3_000)
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc?.()
    await pause(100)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

async function bring(tl: Throughline, from: number, to: number): Promise<string[]> {
  const ids: string[] = []
  for (let next = from; next < to; next += 200) {
    const indexes = Array.from({ length: Math.min(200, to - next) }, (_, offset) => next + offset)
    const runs = await Promise.all(indexes.map((index) => tl.start(waiter, { index })))
    await Promise.all(runs.map(untilWaiting))
    ids.push(...runs.map((run) => run.id))
  }
  return ids
}

async function untilWaiting(run: RunHandle): Promise<void> {
  while ((await statusOf(run)) !== 'waiting') await pause(50)
}

async function create() {
  const runs = Number(argument)
  const first = await bring(tl, 0, 200)
  const before = await settledMemory()
  const rest = await bring(tl, 200, runs)
  const after = await settledMemory()
  writeFileSync(join(folder, 'ids.json'), JSON.stringify([...first, ...rest]))
  return { heapBytes: after.heap - before.heap }
}

async function idle() {
  return settledMemory()
}

async function wake() {
  const ids: string[] = JSON.parse(readFileSync(join(folder, 'ids.json'), 'utf8'))
  const memory = await settledMemory()
  const each: number[] = []
  for (let index = 0; index < 7; index++) {
    const run = await tl.run(ids[index] ?? '')
    const reached = new Promise<number>((resolve) => woken.set(index, resolve))
    const from = performance.now()
    await run.signal('go', {})
    each.push((await reached) - from)
    await run.result()
  }
  const elapsed = stopwatch()
  await Promise.all(
    ids.slice(7).map(async (id) => {
      const run = await tl.run(id)
      await run.signal('go', {})
      return run.result()
    }),
  )
  return { memory, wakeMs: median(each), allSeconds: elapsed() }
}
