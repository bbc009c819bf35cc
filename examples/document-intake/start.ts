/** What `npm run intake` runs: starts an intake, or goes on with the one that was interrupted, and shows what it came to. */
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { open, RunHalted, type RunHandle, type Throughline } from 'throughline'
import { modelFromEnvironment } from 'throughline/testing'
import { follow } from '../vendor-review/follow.ts'
import { figuresOf } from './figures.ts'
import { BadFlags, HELP, readFlags, type Flags } from './flags.ts'
import { intake } from './intake.ts'
import type { Report } from './report.ts'
import { standIn } from './stand-in.ts'
import { spent, table } from './table.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const remark = (text: string): void => void process.stderr.write(`${text}\n`)

async function main(): Promise<number> {
  const { isHelp, store, input } = await readFlags(process.argv.slice(2))
  if (isHelp) {
    say(HELP)
    return 0
  }
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const { model, from, close } = await modelFromEnvironment(process.env, { script: standIn })
  const tl = await open({ store, tasks: [intake], models: { clerk: model } })
  try {
    const { run, isNew } = await startOrContinue(tl, input)
    remark(`${isNew ? 'Taking in' : 'Going on with'} ${input.folder}: ${run.id}`)
    remark(
      from.startsWith('dev at ') && process.env.THROUGHLINE_MODEL_URL === undefined
        ? 'No model: rules stand in for one, and make mistakes.'
        : `The model: ${from}`,
    )
    const report = await resultUnless(interruption.signal, run, input.person)
    if (!report) {
      remark('Interrupted. What was done is on record; the same command goes on from there.')
      return 130
    }
    say(`${table(report)}\n\n${spent(await figuresOf(run))}`)
    await sayWhatFailed(tl, run.id)
    say(`The filing is in ${relative('', report.to) || '.'}, the record in ${store}, by run ${run.id}`)
    return 0
  } finally {
    await tl.close()
    await close()
  }
}

/** The intake of this folder into this filing that is not over, or a new one. */
async function startOrContinue(tl: Throughline, input: Flags['input']) {
  const about = createHash('sha256')
    .update(JSON.stringify([input.folder, input.to]))
    .digest('hex')
    .slice(0, 16)
  const status = ['queued', 'running', 'waiting', 'halted'] as const
  const { runs } = await tl.runs.list({ task: intake.name, status: [...status] })
  const unfinished = runs.find(({ key }) => key?.startsWith(`${about}@`))
  if (!unfinished) {
    const key = `${about}@${new Date().toISOString()}`
    return { run: (await tl.start(intake, input, { key })) as RunHandle<Report>, isNew: true }
  }
  const run = await tl.run<Report>(unfinished.id)
  await run.resume()
  return { run, isNew: false }
}

/** The result, with progress shown meanwhile; undefined when interrupted first. */
async function resultUnless(interrupted: AbortSignal, run: RunHandle<Report>, person?: string) {
  if (interrupted.aborted) return undefined
  const stopped = new Promise<undefined>((done) =>
    interrupted.addEventListener('abort', () => done(undefined), { once: true }),
  )
  if (person !== undefined)
    remark(
      `${person} is asked in the inbox: npx throughline inbox list --to ${person} (with the same --store)`,
    )
  const watching = follow(run, interrupted, process.stderr)
  try {
    return await Promise.race([run.result(), stopped])
  } finally {
    await watching
  }
}

async function sayWhatFailed(tl: Throughline, run: string): Promise<void> {
  const { modes } = await tl.failures({ run })
  for (const { mode, met, ended } of modes)
    if (met > 0)
      say(`  ${mode}: met ${met} times; ${ended.recovered} mended, ${ended.partial} taken as they were`)
}

process.exitCode = await main().catch((error: unknown) => {
  remark(error instanceof Error ? error.message : String(error))
  if (error instanceof RunHalted) remark('Mend the cause; the same command goes on from there.')
  return error instanceof BadFlags ? 2 : 1
})
