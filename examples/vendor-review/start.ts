/** What `npm start` runs: starts a review, or goes on with the one that was interrupted, and shows it. */
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { open, type RunHandle, type Throughline } from 'throughline'
import { BadFlags, DEFAULT_STORE, HELP, quoted, readFlags, sameCommand, type Flags } from './flags.ts'
import { follow } from './follow.ts'
import { LockfileUnusable, readLockfile } from './lockfile.ts'
import { tasks, vendorReview, type Review } from './review.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const remark = (text: string): void => void process.stderr.write(`${text}\n`)

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (flags.isHelp) {
    say(HELP)
    return 0
  }
  // Read before anything starts, so that a mistyped path leaves no failed run behind.
  const { packages } = await readLockfile(flags.input.lockfile)
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())

  const tl = await open({ store: flags.store, tasks })
  try {
    const { run, isNew } = await startOrContinue(tl, flags)
    remark(`${isNew ? 'Reviewing' : 'Going on with the review of'} ${packages.length} packages: ${run.id}`)
    const review = await resultUnless(interruption.signal, run)
    if (review) {
      conclude(run.id, review, flags)
      return 0
    }
    remark(
      `\nInterrupted. What was read is on record; this goes on from there:\n\n  ${sameCommand(process)}\n`,
    )
    return 130
  } finally {
    await tl.close()
  }
}

async function startOrContinue(
  tl: Throughline,
  { input, key }: Flags,
): Promise<{ readonly run: RunHandle<Review>; readonly isNew: boolean }> {
  // Reviews of the same files share the first half of their key, so that an unfinished one is found again.
  const about = createHash('sha256')
    .update(JSON.stringify([input.lockfile, input.report]))
    .digest('hex')
    .slice(0, 16)
  const { runs } = await tl.runs.list({
    task: vendorReview.name,
    status: ['queued', 'running', 'waiting', 'halted'],
  })
  const unfinished = runs.find((run) =>
    key === undefined ? run.key?.startsWith(`${about}@`) : run.key === key,
  )
  if (!unfinished)
    return {
      run: await tl.start(vendorReview, input, { key: key ?? `${about}@${new Date().toISOString()}` }),
      isNew: true,
    }
  const run = await tl.run<Review>(unfinished.id)
  await run.resume()
  return { run, isNew: false }
}

/** The result, with progress shown meanwhile; undefined when interrupted first. */
async function resultUnless(interrupted: AbortSignal, run: RunHandle<Review>): Promise<Review | undefined> {
  if (interrupted.aborted) return undefined
  const stopped = new Promise<undefined>((resolve) =>
    interrupted.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  const watching = follow(run, interrupted, process.stderr)
  try {
    return await Promise.race([run.result(), stopped])
  } finally {
    await watching
  }
}

function conclude(runId: string, { packages, ratings, report }: Review, { store }: Flags): void {
  const at = store === DEFAULT_STORE ? '' : ` --store ${quoted(store)}`
  say(
    `Read ${packages.installed} packages (${packages.notInstalled} more are not installed): ${ratings.high} high, ${ratings.medium} medium, ${ratings.low} low, ${ratings.clear} clear.`,
  )
  say(`The report is in ${relative('', report)}\n\nWhat it left on record:\n`)
  say(
    `  npx throughline show ${runId}${at}\n  npx throughline history ${runId}${at}\n  npx throughline verify${at}`,
  )
}

process.exitCode = await main().catch((error: unknown) => {
  remark(error instanceof Error ? error.message : String(error))
  return error instanceof BadFlags || error instanceof LockfileUnusable ? 2 : 1
})
