/**
 * How long a checkpoint takes over its rules: `node --conditions=throughline-source test/speed/rules.ts`.
 *
 * 1,000 live rules in a store, 50 of them on the target, a value of 20 vendors: looked up, and evaluated.
 */
import { open } from 'throughline'
import { bind } from '../../src/memory/binding.ts'

const conditions: readonly ((n: number) => { forbid: string } | { require: string })[] = [
  (n) => ({ forbid: `value.vendors.exists(v, v.name == 'excluded-${n}')` }),
  (n) => ({ forbid: `value.vendors.exists(v, v.price > ${10_000 + n} && v.region == 'eu')` }),
  (n) => ({ require: `value.vendors.all(v, v.seats < ${1000 + n})` }),
  (n) => ({ forbid: `value.vendors.exists(v, v.tags.exists(t, t == 'banned-${n}'))` }),
  (n) => ({ require: `value.total < ${1_000_000 + n}` }),
]
const value = {
  total: 1234.5,
  vendors: Array.from({ length: 20 }, (_, i) => ({
    name: `vendor-${i}`,
    price: i * 10.5,
    seats: i,
    region: i % 2 === 0 ? 'eu' : 'us',
    tags: ['saas', 'audited'],
  })),
}

const tl = await open({ store: 'memory:' })
for (let n = 0; n < 1000; n++) {
  const target = n % 20 === 0 ? (n % 40 === 0 ? 'recommendation' : 'recommend*') : `step-${n % 97}`
  const condition = conditions[(n % 20 === 0 ? n / 20 : n) % conditions.length]?.(n)
  const rule = { target, ...condition }
  await tl.memory.decide({ subject: `vendor:${n}`, choice: 'as it is', because: 'measured', rule })
}

async function checkpoint(given: unknown): Promise<number> {
  const from = performance.now()
  const bound = await bind(tl.log, {
    scope: 'purchasing',
    target: 'recommendation',
    value: given,
    forks: [],
    now: Date.now(),
  })
  const ms = performance.now() - from
  if (bound.denied.length > 0) throw new Error('not as planned')
  return ms
}

const cold = await checkpoint(structuredClone(value))
for (let i = 0; i < 100; i++) await checkpoint(structuredClone(value))
const times: number[] = []
for (let i = 0; i < 500; i++) times.push(await checkpoint(structuredClone(value)))
const warm = times.toSorted((a, b) => a - b)
const say = (what: string, ms: number) => console.log(`${what.padEnd(60)} ${ms.toFixed(2).padStart(9)} ms`)
say('the first in a process: 50 rules read and compiled', cold)
say('a checkpoint, 1,000 live rules, 50 of them on it: median', warm[warm.length >> 1] ?? NaN)
say('… 95 %', warm[Math.floor(warm.length * 0.95)] ?? NaN)
await tl.close()
