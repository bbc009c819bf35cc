import { tryOut } from './trial.ts'
const [a, b, trace] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] === 'trace']
const t = performance.now()
let bad = 0, events = 0, crashes = 0
for (let seed = a; seed < a + b; seed++) {
  const r = await tryOut(seed, trace)
  if (trace) console.log(r.trace.join('\n'))
  events += r.events; crashes += r.crashes
  if (r.violations.length > 0) { bad++; console.log(`seed ${seed}: ${r.violations.join('\n   ').slice(0, trace ? 100000 : 500)}`) }
}
console.log(`${b} seeds, ${bad} bad, ${events} events, ${crashes} crashes, ${(b / (performance.now() - t) * 1000).toFixed(1)}/s`)
