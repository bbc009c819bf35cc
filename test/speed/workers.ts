/**
 * `node --conditions=throughline-source test/speed/workers.ts [--workers 1,2,4] [--rounds 3]`: what more workers on one store add, for
 * steps that take no processor time (the store's limit) and for steps that take 2 ms of it (the bodies' limit). Each number of workers
 * in turn, in every round: the machine is never quite the same.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { open } from 'throughline'
import { PostgresSite } from '../failover/postgres-site.ts'
import { load } from './loads.ts'

const RUNS = 200
const LOADS = [
  { name: 'no work', steps: 20, burnMs: 0 },
  { name: '2 ms of work', steps: 10, burnMs: 2 },
]

const { values } = parseArgs({
  options: { workers: { type: 'string', default: '1,2,4' }, rounds: { type: 'string', default: '3' } },
})
const counts = values.workers.split(',').map(Number)
const site = await PostgresSite.start()
const client = await open({ store: site.store, tasks: [load], worker: false })
const rates = new Map<string, number[]>()

for (let round = 0; round < Number(values.rounds); round++) {
  for (const count of round % 2 === 0 ? counts : counts.toReversed()) {
    const workers = await Promise.all(
      Array.from({ length: count }, () => site.startWorker({ release: '../speed/loads.ts' })),
    )
    await rate(LOADS[0], 5)
    for (const one of LOADS) note(one.name, count, await rate(one, one.steps))
    for (const worker of workers) worker.kill('SIGTERM')
    await Promise.all(workers.map(({ over }) => over))
  }
}

for (const { name } of LOADS) {
  const alone = median(rates.get(`${name} ${counts[0]}`) ?? [])
  for (const count of counts) {
    const here = median(rates.get(`${name} ${count}`) ?? [])
    console.log(
      `${name.padEnd(14)} ${count} workers: ${here.toFixed(0).padStart(6)} steps/s, ${(here / alone).toFixed(2)} of ${counts[0]}`,
    )
  }
}
console.log(`${RUNS} runs at once, ${cpus().length} cores for the workers, the client and the database`)
await client.close()
await site.dispose()

async function rate(one: (typeof LOADS)[number] | undefined, steps: number): Promise<number> {
  const from = performance.now()
  const runs = await Promise.all(
    Array.from({ length: RUNS }, () => client.start(load, { steps, burnMs: one?.burnMs ?? 0 })),
  )
  await Promise.all(runs.map((run) => run.result()))
  return (RUNS * steps * 1000) / (performance.now() - from)
}

function note(name: string, count: number, value: number): void {
  const key = `${name} ${count}`
  rates.set(key, [...(rates.get(key) ?? []), value])
  console.error(`${key}: ${value.toFixed(0)} steps/s`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
