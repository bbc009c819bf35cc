/**
 * `npm run agents -- --kills 500 --crashes 200 --seed 7`: processes are killed while an agent of 20 model calls and its tools is at work;
 * and agents that are hard to tell apart crash in a simulated process. Exits 1, with the seed, if anything was answered, done or booked
 * otherwise than it must be.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crashAgents, scenarios } from './crashes.ts'
import { killAgents } from './harness.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '60' },
    crashes: { type: 'string', default: '40' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
})
const seed = values.seed ?? String(Date.now() % 1_000_000)
const [kills = 0, crashes = 0, lanes = 1] = [values.kills, values.crashes, values.lanes].map(Number)
if (![kills, crashes, lanes].every((n) => Number.isSafeInteger(n) && n >= 0) || lanes < 1)
  throw new Error('--kills, --crashes and --lanes are whole numbers.')

const root = mkdtempSync(join(tmpdir(), 'throughline-agents-'))
const since = performance.now()
const wrong: string[] = []
const seconds = () => `${Math.round((performance.now() - since) / 1000)} s`
const tell = (line: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${line} `)
}

console.log(`${kills} kills, ${crashes} crashes of each scenario, seed ${seed}`)
if (kills > 0) {
  const killed = await killAgents({
    ...{ kills, seed, lanes, root },
    progress: (sums) => tell(`${sums.kills} kills, ${sums.runs} runs, ${sums.wrong.length} violations`),
  })
  wrong.push(...killed.wrong)
  console.log(
    `agents killed: ${killed.kills} kills, ${killed.runs} runs, ${killed.askedAgain} calls in doubt asked again, ${killed.inDoubt} effects in doubt, ${killed.wrong.length} violations; ${seconds()}`,
  )
}
for (const scenario of crashes > 0 ? scenarios : []) {
  if (values.only !== undefined && values.only !== scenario.name) continue
  const crashed = await crashAgents({
    ...{ scenario, crashes, seed },
    progress: (sums) => tell(`${scenario.name}: ${sums.crashes} crashes, ${sums.wrong.length} violations`),
  })
  wrong.push(...crashed.wrong)
  console.log(
    `${scenario.name}: ${crashed.crashes} crashes, ${crashed.runs} runs, ${crashed.askedAgain} calls in doubt asked again, ${crashed.wrong.length} violations; ${seconds()}`,
  )
}
for (const one of wrong) console.error(one)
if (wrong.length > 0) {
  console.error(`Broken. What is left is in ${root}; the seed was ${seed}.`)
  process.exitCode = 1
} else rmSync(root, { recursive: true })
