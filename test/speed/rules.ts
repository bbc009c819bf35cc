/**
 * How long a checkpoint takes over its rules: `node --conditions=throughline-source test/speed/rules.ts`.
 *
 * 1,000 live rules, 50 of them on the target, a value of 20 vendors. Cold is the first time in this process; how long
 * compiling the rules took stands apart, since that is done when they are loaded, not when a run waits.
 */
import { compileRule, evaluate, Reading, RuleIndex, type Rule } from '../../src/memory/rules/index.ts'

const schema = {
  type: 'object',
  properties: {
    total: { type: 'number' },
    vendors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          price: { type: 'number' },
          seats: { type: 'integer' },
          region: { type: 'string' },
          tags: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
}
const conditions: readonly ((n: number) => Omit<Rule, 'target'>)[] = [
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

const index = new RuleIndex()
const [began, used] = [performance.now(), process.threadCpuUsage()]
for (let n = 0; n < 1000; n++) {
  const target = n % 20 === 0 ? (n % 40 === 0 ? 'recommendation' : 'recommend*') : `step-${n % 97}`
  const rule = { target, ...conditions[(n % 20 === 0 ? n / 20 : n) % conditions.length]?.(n) }
  index.add(`item-${n}`, compileRule(rule, schema))
}
const compiling = performance.now() - began

function checkpoint(given: unknown): number {
  const from = performance.now()
  const reading = new Reading(given)
  const verdicts = index.forTarget('recommendation').map(({ rule }) => evaluate(rule, reading))
  const ms = performance.now() - from
  if (verdicts.length !== 50 || verdicts.some(({ outcome }) => outcome !== 'holds'))
    throw new Error('not as planned')
  return ms
}

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.threadCpuUsage(since)
  return (user + system) / 1000
}
const compilingCpu = cpuMs(used)
const beforeCold = process.threadCpuUsage()
const cold = checkpoint(structuredClone(value))
const coldCpu = cpuMs(beforeCold)
for (let i = 0; i < 100; i++) checkpoint(structuredClone(value))
const beforeWarm = process.threadCpuUsage()
const times = Array.from({ length: 500 }, () => checkpoint(structuredClone(value)))
const warmCpu = cpuMs(beforeWarm) / times.length
const warm = times.toSorted((a, b) => a - b)
const say = (what: string, ms: number, cpu?: number) =>
  console.log(
    `${what.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms${cpu === undefined ? '' : `   CPU ${cpu.toFixed(2)} ms`}`,
  )
say('1,000 rules compiled (once, at load)', compiling, compilingCpu)
say('a checkpoint of 50 rules, 20 vendors: cold', cold, coldCpu)
say('… warm, median (CPU: mean)', warm[warm.length >> 1] ?? NaN, warmCpu)
say('… warm, 95 %', warm[Math.floor(warm.length * 0.95)] ?? NaN)
say('… warm, the longest', warm.at(-1) ?? NaN)
