/** `throughline resume`: go on with a run, or with everything that can go on. */
import { BadRequest, open, type AnyTask, type RunRow, type Throughline } from '../app/index.ts'
import { messageOf } from '../errors.ts'
import { carry, conclude, interruptible, loggerFor } from './carry.ts'
import { asClient, type Define, type Desk, type ExitCode } from './command.ts'
import { tasksOf } from './module.ts'
import { listed, UNENDED, untilRest } from './rest.ts'
import { statusText } from './status.ts'

interface Options {
  readonly file?: string
  readonly follow?: boolean
}

export const define: Define = (command, act) => {
  command
    .argument('[run]', 'the run; without it, every run that can go on')
    .option('--file <file>', 'the file that exports the task, instead of the one the run was started from')
    .option('--follow', 'show what happens, and stay while it waits')
    .addHelpText(
      'after',
      `
A run that was interrupted goes on after the last step on record; one that halted is lifted, if it is named.

Example:
  throughline resume run_01k2… --follow`,
    )
    .action(
      act((desk, run: string | undefined, options: Options) =>
        run === undefined ? all(desk, options) : one(desk, run, options),
      ),
    )
}

async function one(desk: Desk, runId: string, options: Options): Promise<ExitCode> {
  const row = await asClient(desk, async (tl) => (await tl.run(runId)).info())
  const path = options.file ?? row.source
  const isOver = row.endedAt !== undefined
  if (path === undefined && !isOver)
    throw new BadRequest(
      `${runId} was started by a program, not by "throughline run", so its code is not known here. Name it: --file <file that exports the task "${row.task}">.`,
      { run: runId, task: row.task },
    )
  const { tasks } = isOver || path === undefined ? { tasks: [] } : await tasksOf(path, desk.out)
  return carrying(desk, tasks, async (tl) => {
    const handle = await tl.run(runId)
    if (isOver) desk.out.say(`${runId} has ended already (${row.status}).`)
    if (isOver) return conclude(desk, tl, row)
    const from = tl.log.position()
    await handle.resume()
    desk.out.say(`${desk.out.tint('bold', runId)}  ${row.task}, going on`)
    if (!tl.isCarrying)
      desk.out.say(desk.out.tint('dim', 'Another process carries the runs of this store; following it.'))
    const again = `throughline resume ${runId} --follow${desk.storeFlag}`
    return carry(desk, tl, runId, { isFollowed: options.follow ?? false, from, again })
  })
}

async function all(desk: Desk, options: Options): Promise<ExitCode> {
  const { out } = desk
  const rows = await asClient(desk, (tl) => listed(tl, UNENDED))
  if (rows.length === 0) {
    if (out.isJson) out.json({ runs: [] })
    out.say('No run is waiting to be resumed.')
    return 0
  }
  const tasks = await tasksFor(desk, rows, options.file)
  return carrying(desk, tasks, async (tl) => {
    if (!tl.isCarrying)
      out.say(out.tint('dim', 'Another process carries the runs of this store; following it.'))
    using interruption = interruptible(desk, `throughline resume${desk.storeFlag}`)
    const wanted = rows.filter((row) => row.status !== 'halted')
    for (const row of wanted) await (await tl.run(row.id)).resume()
    await untilRest(
      tl,
      wanted.map(({ id }) => id),
      { isPatient: options.follow ?? false, signal: interruption.signal },
    )
    if (interruption.signal.aborted) return interruption.code
    return await summarise(desk, tl, rows)
  })
}

/** Prints how each stands now, top-level runs only. */
async function summarise(desk: Desk, tl: Throughline, rows: readonly RunRow[]): Promise<ExitCode> {
  const { out } = desk
  const now = await Promise.all(
    rows.filter((row) => row.parent === undefined).map(async ({ id }) => (await tl.run(id)).info()),
  )
  if (out.isJson)
    out.json({
      runs: now.map(({ id, status, mode, message, waiting }) => ({ id, status, mode, message, waiting })),
    })
  else
    for (const row of now)
      out.line(`${row.id}  ${row.task.padEnd(16)}  ${statusText(row, Date.now(), out.paint)}`)
  return now.some(({ status }) => status === 'failed') ? 1 : 0
}

/** The tasks of every file these runs were started from; a file that cannot be loaded is said, and left out. */
async function tasksFor(desk: Desk, rows: readonly RunRow[], file: string | undefined): Promise<AnyTask[]> {
  const { out } = desk
  if (file !== undefined) return (await tasksOf(file, out)).tasks
  const tasks: AnyTask[] = []
  for (const [source, ids] of Map.groupBy(rows, (row) => row.source)) {
    if (source === undefined) {
      out.say(
        `${out.tint('warn', 'left out:')} ${ids.length} started by a program, not by "throughline run"; give --file.`,
      )
      continue
    }
    try {
      tasks.push(...(await tasksOf(source, out)).tasks)
    } catch (error) {
      out.say(`${out.tint('warn', 'left out:')} ${ids.length} of ${source}: ${messageOf(error)}`)
    }
  }
  return tasks
}

/** Does `work` with the store carried by this process, if no other one carries it. */
async function carrying(
  desk: Desk,
  tasks: readonly AnyTask[],
  work: (tl: Throughline) => Promise<ExitCode>,
): Promise<ExitCode> {
  const tl = await open({ store: desk.store, tasks, mustExist: true, logger: loggerFor(desk) })
  try {
    return await work(tl)
  } finally {
    await tl.close()
  }
}
