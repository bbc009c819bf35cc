/**
 * The benchmark: ours, the peers, the raw limits and our own figures, in one go on one machine.
 *
 * `--quick` under three minutes; `--only a,b` of the names below; `--json` for machines. Progress on stderr. `memory` or `agent`
 * instead of all that: what is asked of working memory (memory.ts), and of an agent's calls (agent.ts).
 * Each subject has a process of its own. Raw limits are timed first, in between and last: a shared disk drifts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { machine } from './machine.ts'
import { agentBench } from './agent.ts'
import { memoryBench } from './memory.ts'
import { ownMeasurements } from './own.ts'
import { measureAll, type Figures } from './own/measured.ts'
import { isBuilt } from './product.ts'
import { middle, rawLimits } from './raw.ts'
import { scratch } from './scratch.ts'
import { stopwatch } from './subject.ts'
import { subjects } from './subjects/index.ts'
import { render } from './table.ts'
import { verdicts } from './targets.ts'
import type { Measured } from './measure.ts'
import type { RawLimits } from './raw.ts'

export interface Report {
  readonly measured: readonly Measured[]
  readonly raw: RawLimits
  readonly own: Figures
  readonly errors: readonly string[]
  readonly machine: string
  readonly seconds: number
}

const names = [...Object.keys(subjects), ...Object.keys(ownMeasurements)]
const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
  allowPositionals: true,
})
const only = values.only?.split(',').map((name) => name.trim())
if (positionals.length > 0) {
  if (positionals.join(' ') === 'memory') process.exit(await memoryBench({ ...values, only }))
  if (positionals.join(' ') === 'agent') process.exit(await agentBench({ ...values, only }))
  console.error(`There is no ${positionals.join(' ')} to measure; give nothing, memory or agent.`)
  process.exit(2)
}
const asked = only ?? names
const unknown = asked.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')} to measure; there are ${names.join(', ')}.`)
  process.exit(2)
}

const report = await run()
process.stdout.write(
  `${values.json ? JSON.stringify({ ...report, targets: verdicts(report.measured, report.own.figures) }, null, 2) : render(report)}\n`,
)
process.exit(report.errors.length + report.own.errors.length > 0 ? 1 : 0)

async function run(): Promise<Report> {
  const elapsed = stopwatch()
  const tell = (line: string) => console.error(`${elapsed().toFixed(0).padStart(4)} s  ${line}`)
  const folder = scratch('limits')
  const raws: RawLimits[] = []
  const raw = () => {
    tell('raw limits')
    raws.push(rawLimits(folder, values.quick ? 1 : 3))
  }
  const measured: Measured[] = []
  const errors: string[] = []
  raw()
  for (const name of Object.keys(subjects).filter((subject) => asked.includes(subject))) {
    if (name === 'throughline' && !isBuilt()) {
      errors.push('throughline: there is no build; run "npm run build" in the repository first')
      continue
    }
    try {
      measured.push(await one(name, tell))
    } catch (error) {
      errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    raw()
  }
  const ownNames = isBuilt() ? asked.filter((name) => name in ownMeasurements) : []
  const ownResult = await measureAll(ownMeasurements, ownNames, { quick: values.quick, tell })
  if (ownNames.length > 0) raw()
  return {
    measured,
    raw: {
      append: middle(raws.map(({ append }) => append)),
      overwrite: middle(raws.map(({ overwrite }) => overwrite)),
      groupCommit: middle(raws.map(({ groupCommit }) => groupCommit)),
    },
    own: ownResult,
    errors,
    machine: machine(),
    seconds: elapsed(),
  }
}

async function one(name: string, tell: (line: string) => void): Promise<Measured> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'one.ts'), name, ...(values.quick ? ['--quick'] : [])],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 },
  )
  tell(`measuring ${name}`)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (code !== 0)
    throw new Error(`ended with ${code ?? signal}: ${stderr.trim().split('\n').slice(-8).join('\n    ')}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
