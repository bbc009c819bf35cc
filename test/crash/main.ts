/**
 * `npm run crash -- --kills 60 --seed 7`: processes are killed at random moments, and what they leave is held against what
 * they would have come to undisturbed. Exits 1, with the seed, if anything is lost, duplicated or otherwise wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomBy } from '../random.ts'
import { ledgers, review } from './scenarios.ts'
import { AT_ONCE_MS, takeOver } from './takeover.ts'
import { leaveAlone, tryToBreak, type Trial } from './trial.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '60' }, seed: { type: 'string' }, lanes: { type: 'string' } },
})
const wanted = Number(values.kills)
const seed = values.seed ?? String(Date.now() % 1_000_000)
if (!Number.isSafeInteger(wanted) || wanted < 1)
  throw new Error(`--kills must be a whole number from 1; got ${values.kills}.`)
const lanes = Number(values.lanes ?? Math.min(3, availableParallelism()))

const root = mkdtempSync(join(tmpdir(), 'throughline-crash-'))
const since = performance.now()
const violations: string[] = []
const takenOverMs: number[] = []
const sums = { kills: 0, runs: 0, lost: 0, duplicated: 0, inDoubt: 0, verified: 0 }

console.log(`${wanted} kills, seed ${seed}`)
const scenarios = [review, ...ledgers]
const undisturbed = await Promise.all(
  scenarios.map((scenario, i) => leaveAlone(scenario, join(root, `undisturbed-${i}`))),
)

const takeOvers = Math.max(2, Math.ceil(wanted / 20))
let left = wanted
let next = 0
await Promise.all(Array.from({ length: lanes }, lane))

async function lane(): Promise<void> {
  for (;;) {
    const index = next++
    if (index < takeOvers) await secondProcess(index, 'killed')
    else if (index < takeOvers + 2) await secondProcess(index, 'stopped')
    else if (left > 0) await trial(index)
    else return
    showProgress()
  }
}

async function secondProcess(index: number, how: 'killed' | 'stopped'): Promise<void> {
  if (how === 'killed') left--
  const { ms, wrong } = await takeOver(join(root, `${index}`), randomBy(`${seed}:${index}`), how)
  if (how === 'killed') sums.kills++
  if (how === 'killed' && wrong.length === 0) sums.verified++
  if (ms !== undefined) takenOverMs.push(ms)
  sums.runs++
  violations.push(...wrong.map((one) => `run ${index} (a second process, the first ${how}): ${one}`))
}

async function trial(index: number): Promise<void> {
  // Every other run is a review: the scenario depends on the index alone, so that a seed gives the same runs on any machine.
  const which = index % 2 === 0 ? 0 : 1 + ((index >> 1) % ledgers.length)
  const [scenario, alone] = [scenarios[which], undisturbed[which]]
  if (!scenario || !alone) throw new Error(`There is no scenario ${which}.`)
  const mayKill = () => left > 0 && left-- > 0
  const random = randomBy(`${seed}:${index}`)
  const done = await tryToBreak({
    scenario,
    folder: join(root, `${index}`),
    random,
    mayKill,
    missed: () => void left++,
    undisturbed: alone,
  })
  add(index, scenario.name, done)
}

function add(
  index: number,
  name: string,
  { kills, inDoubt, verified, lost, duplicated, wrong }: Trial,
): void {
  sums.kills += kills
  sums.runs++
  sums.lost += lost.length
  sums.duplicated += duplicated.length
  sums.inDoubt += inDoubt
  sums.verified += verified
  for (const one of lost) violations.push(`run ${index} (${name}) lost something: ${one}`)
  for (const one of duplicated) violations.push(`run ${index} (${name}) has two outcomes of ${one}`)
  for (const one of wrong) violations.push(`run ${index} (${name}): ${one}`)
}

function showProgress(): void {
  if (process.stderr.isTTY)
    process.stderr.write(
      `\r${sums.kills} of ${wanted} kills, ${sums.runs} runs, ${violations.length} violations `,
    )
}

if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
const sorted = takenOverMs.toSorted((a, b) => a - b)
const median = sorted[sorted.length >> 1] ?? 0
if (median >= AT_ONCE_MS)
  violations.push(`a second process takes over after ${median} ms (the median), not within ${AT_ONCE_MS}`)
for (const violation of violations) console.error(violation)
console.log(
  `taken over after ${median} ms (median of ${sorted.length}, most ${sorted.at(-1)}); ${Math.round((performance.now() - since) / 1000)} s in all`,
)
console.log(
  `kills ${sums.kills}, runs ${sums.runs}, lost ${sums.lost}, duplicated ${sums.duplicated}, in doubt ${sums.inDoubt}, verify clean ${sums.verified}`,
)
if (violations.length > 0 || sums.verified < sums.kills) {
  console.error(
    `Broken. What is left is in ${root}; the same moments again: npm run crash -- --kills ${wanted} --seed ${seed}`,
  )
  process.exitCode = 1
} else rmSync(root, { recursive: true })
