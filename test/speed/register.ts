/**
 * How long it takes to import, export, edit and profile so many items, and how long nothing else gets a turn meanwhile.
 *
 *     node --conditions=throughline-source test/speed/register.ts [items] [store]
 */
import { performance } from 'node:perf_hooks'
import { open } from 'throughline'

const [count = '20000', store = 'memory:'] = process.argv.slice(2)
const items = Number(count)

function line(n: number): string {
  const item = {
    id: `item_${String(n).padStart(8, '0')}`,
    version: 1,
    kind: 'fact',
    status: 'active',
    scope: n % 2 === 0 ? 'acme/purchasing' : 'acme',
    subject: `vendor:${n % 1000}`,
    statement: `Vendor ${n} has sent report number ${n % 97} and a letter about terms of delivery in the ${n % 12}th month`,
    sensitivity: 'internal',
    author: 'ada',
  }
  return JSON.stringify({ item, recordedAt: new Date(1.7e12 + n).toISOString() })
}

const head = JSON.stringify({ throughline: 'memory', format: 1 })
const lines = [head, ...Array.from({ length: items }, (_, n) => line(n))]
const tl = await open({ store, worker: false })
let longest = 0
let last = performance.now()
const looking = setInterval(() => {
  longest = Math.max(longest, performance.now() - last - 5)
  last = performance.now()
}, 5)

async function timed<T>(what: string, work: () => Promise<T>, shown: (value: T) => number): Promise<T> {
  ;[longest, last] = [0, performance.now()]
  const from = performance.now()
  const value = await work()
  const took = performance.now() - from
  await new Promise((resolve) => setTimeout(resolve, 20))
  console.log(
    `${what}: ${shown(value)} in ${Math.round(took)} ms; longest without a turn ${Math.round(longest)} ms`,
  )
  return value
}

await timed(
  'imported',
  () => tl.memory.import(lines),
  ({ changes }) => changes.length,
)
await timed(
  'imported again',
  () => tl.memory.import(lines),
  ({ alreadyHere }) => alreadyHere,
)
await timed(
  'exported as lines of JSON',
  () => Array.fromAsync(tl.memory.export()),
  ({ length }) => length,
)
const register = await timed(
  'exported as Markdown',
  () => Array.fromAsync(tl.memory.export({ format: 'markdown' })),
  ({ length }) => length,
)
const edited = register.map((text) => text.replace('report number 5 ', 'report number five '))
await timed(
  'edited',
  () => tl.memory.import(edited),
  ({ changes }) => changes.length,
)
await timed(
  'profiled',
  () => tl.memory.profile(),
  ({ live }) => live.count,
)
clearInterval(looking)
await tl.close()
