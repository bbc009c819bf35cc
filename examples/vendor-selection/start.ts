/**
 * `node --conditions=throughline-source examples/vendor-selection/start.ts`: the three days, a second each. The process that decided is
 * killed in the night after the second day; another one, which knows nothing but the record, goes on.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { open } from 'throughline'
import { pricing, selection, type Recommendation } from './selection.ts'

const KEY = 'this year'
const DAY_MS = 1500
const say = (text = ''): void => void process.stdout.write(`${text}\n`)

if (process.argv[2] === '--carry') await carry(String(process.argv[3]))
else await tell()

/** The first process: it carries until it is killed. */
async function carry(store: string): Promise<void> {
  const tl = await open({ store, tasks: [selection, pricing] })
  await tl.start(selection, { seats: 40, day: DAY_MS }, { key: KEY, scope: 'purchasing' })
}

async function tell(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vendor-selection-'))
  const store = join(folder, 'selection.db')
  say('Day 1 and 2, in a process of their own: research, and two vendors are deprioritised.')
  const first = spawn(process.execPath, [...process.execArgv, import.meta.filename, '--carry', store], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => first.once('exit', resolve))
  const client = await open({ store, tasks: [selection, pricing], worker: false })
  while ((await client.memory.list({ scope: 'purchasing' })).items.length < 2) await pause(50)
  first.kill('SIGKILL')
  await ended
  await client.close()
  say('The process is killed. Day 3, in another one: prices for all of them come back.')

  const tl = await open({
    store,
    tasks: [selection, pricing],
    logger: { debug() {}, info: (message) => say(`  ${message}`), warn: say, error: say },
  })
  const run = await tl.start(selection, { seats: 40, day: DAY_MS }, { key: KEY, scope: 'purchasing' })
  const { vendors } = (await run.result()) as Recommendation
  say('Recommended in the end:')
  for (const { name, price } of vendors) say(`  ${name.padEnd(8)} ${price}`)
  say('What was decided, and why:')
  for (const { statement, because, author } of (await tl.memory.list({ scope: 'purchasing' })).items)
    say(`  ${statement}: ${because ?? ''} (${author === run.id ? 'this run, on day 2' : author})`)
  const { breaks } = await tl.verify()
  say(breaks.length === 0 ? 'The record verifies.' : `${breaks.length} breaks in the record.`)
  await tl.close()
  rmSync(folder, { recursive: true, force: true })
}
