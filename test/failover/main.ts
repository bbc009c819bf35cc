/**
 * `npm run failover -- --dispatch postgres|restate [--quick] [--runs 200] [--seed 7] [--only 'worker killed,one by one']`: real workers on real servers,
 * one fault after another, and what the runs in flight came to against what they come to undisturbed. Exits 1 if anything is lost,
 * done twice or otherwise wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PostgresSite } from './postgres-site.ts'
import { round, wrongsOf, type Round } from './rounds.ts'
import { RestateSite } from './restate-site.ts'
import type { Site } from './site.ts'
import { closeTables, makeTable } from './table.ts'

const SITES: Readonly<Record<string, () => Promise<Site>>> = {
  postgres: () => PostgresSite.start(),
  restate: () => RestateSite.start(),
}
const OUTAGE_MS = 30_000
const QUICK_OUTAGE_MS = 6000

const { values } = parseArgs({
  options: {
    dispatch: { type: 'string', default: 'postgres' },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '7' },
    only: { type: 'string' },
  },
})
const open = SITES[values.dispatch]
if (!open)
  throw new Error(`--dispatch must be one of ${Object.keys(SITES).join(', ')}; got ${values.dispatch}.`)
const runs = Number(values.runs)
const only = values.only?.split(',')
const outageMs = values.quick ? QUICK_OUTAGE_MS : OUTAGE_MS
const folder = mkdtempSync(join(tmpdir(), 'throughline-failover-'))
const site = await open()
const violations: string[] = []
let reference: readonly string[] = []

console.log(`${site.name}: 3 workers, ${runs} runs in flight, seed ${values.seed}`)
console.log(
  line(['fault', 'runs', 'seconds', 'lost', 'twice', 'in doubt', 'open then', 'moved p50', 'p95', 'verify']),
)
try {
  await makeTable(site.database)
  for (const fault of site.faults) {
    if (fault !== 'none' && only && !only.includes(fault)) continue
    const done = await round(fault, { site, folder, runs, seed: values.seed, outageMs })
    if (fault === 'none') reference = done.outcomes
    show(done)
  }
} finally {
  await closeTables()
  await site.dispose()
}
if (violations.length > 0) {
  for (const violation of violations.slice(0, 50)) console.error(violation)
  console.error(`Broken in ${violations.length} ways. The same load again: --seed ${values.seed}`)
  process.exitCode = 1
} else {
  rmSync(folder, { recursive: true })
}

function show(done: Round): void {
  const wrong = [...wrongsOf(done, reference)]
  const slowest = quantile(done.movedAfterMs, 0.95)
  const askedMs = site.movedWithinMs[done.fault] ?? Infinity
  if (slowest > askedMs)
    wrong.push(`runs of the worker moved after ${slowest} ms (p95), ${askedMs} are asked for`)
  violations.push(...wrong.map((one) => `${done.fault}: ${one}`))
  const lost = done.outcomes.filter((outcome, n) => outcome !== reference[n]).length
  console.log(
    line([
      done.fault,
      done.outcomes.length,
      (done.ms / 1000).toFixed(1),
      lost,
      done.duplicated.length + done.effectsTwice.length + done.bookedTwice.length,
      done.inDoubt,
      done.openAtFault,
      done.movedAfterMs.length > 0 ? quantile(done.movedAfterMs, 0.5) : '-',
      done.movedAfterMs.length > 0 ? slowest : '-',
      done.breaks.length === 0 ? 'clean' : `${done.breaks.length} breaks`,
    ]),
  )
}

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(10))).join('')
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}
