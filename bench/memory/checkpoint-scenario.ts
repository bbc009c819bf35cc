/**
 * Checkpoints of a run among many rules, in a process of its own: 1,000 are live, 50 of them on the target, over a value of 20 vendors.
 * Timed in the body, where its user would feel it: the rules are looked up and evaluated, and the passing is committed, with a sync.
 */
import { join } from 'node:path'
import { answer } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { scratch } from '../scratch.ts'
import { percentile } from '../statistics.ts'
import { timed } from '../subject.ts'

const rounds = Number(process.argv[2] ?? 500)
const scope = 'bench/purchasing'

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

const { open, task } = await loadWhole()
const plain: number[] = []
const passing: number[] = []
let used = 0
const recommending = task({
  name: 'recommending',
  async run(ctx) {
    // The same without a rule on it says what a commit costs here.
    for (let i = 0; i < 100; i++) await timed(plain, () => ctx.checkpoint('free', structuredClone(value)))
    await timed(passing, () => ctx.checkpoint('recommendation', structuredClone(value)))
    const before = process.cpuUsage()
    for (let i = 0; i < rounds; i++)
      await timed(passing, () => ctx.checkpoint('recommendation', structuredClone(value)))
    const { user, system } = process.cpuUsage(before)
    used = (user + system) / 1e3 / rounds
    return 'done'
  },
})
const tl = await open({ store: `file:${join(scratch('checkpoint'), 'rules.db')}`, tasks: [recommending] })
for (let n = 0; n < 1000; n++) {
  const target = n % 20 === 0 ? (n % 40 === 0 ? 'recommendation' : 'recommend*n') : `step-${n % 97}`
  const condition = conditions[(n % 20 === 0 ? n / 20 : n) % conditions.length]?.(n)
  await tl.memory.decide({
    subject: `vendor:${n}`,
    choice: 'as it is',
    because: 'measured',
    scope: n % 3 === 0 ? 'bench' : scope,
    rule: { target, ...condition },
  })
}
await (await tl.start(recommending, {}, { scope })).result()
await tl.close()
const [cold = Number.NaN, ...warm] = passing
answer({
  cold,
  used,
  p50: percentile(warm, 0.5),
  p95: percentile(warm, 0.95),
  free: percentile(plain.slice(10), 0.5),
})
