/** `throughline resume`: go on with a run, or with everything that can go on. */
import { BadRequest, open, type AnyTask, type RunRow, type Throughline } from '../app/index.ts'
import { messageOf, ThroughlineError } from '../errors.ts'
import { attend, carry, conclude, interruptible, loggerFor } from './carry.ts'
import { asClient, type Define, type Desk, type ExitCode } from './command.ts'
import { tasksOf } from './module.ts'
import { codeIn, listed, UNENDED } from './rest.ts'
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
  const { row, from } = await asClient(desk, async (tl) => ({
    row: await (await tl.run(runId)).info(),
    from: await tl.log.position(),
  }))
  const path = options.file ?? row.source
  const isOver = row.endedAt !== undefined
  if (path === undefined && !isOver)
    throw new BadRequest(
      `${runId} was started by a program, not by "throughline run", so its code is not known here. Name it: --file <file that exports the task "${row.task}">.`,
      { run: runId, task: row.task },
    )
  const { tasks } = isOver || path === undefined ? { tasks: [] } : await tasksOf(path, desk.out)
  if (!isOver && !codeIn(tasks)(row))
    throw new BadRequest(
      `${path} exports no task "${row.task}" that carries version "${row.version}"; bring it back, let a later version say resumes: ['${row.version}'], or give --file.`,
      { run: runId, task: row.task, version: row.version },
    )
  return carrying(desk, tasks, async (tl) => {
    if (isOver) desk.out.say(`${runId} has ended already (${row.status}).`)
    if (isOver) return conclude(desk, tl, row)
    await goOn(tl, runId)
    desk.out.say(`${desk.out.tint('bold', runId)}  ${row.task}, going on`)
    if (!tl.isCarrying)
      desk.out.say(desk.out.tint('dim', 'Another process carries the runs of this store; following it.'))
    const again = `throughline resume ${runId} --follow${desk.storeFlag}`
    const isFollowed = options.follow ?? false
    return carry(desk, tl, runId, { isFollowed, from, again, hasCode: codeIn(tasks), before: [row] })
  })
}

async function all(desk: Desk, options: Options): Promise<ExitCode> {
  const { out } = desk
  const { rows, from } = await asClient(desk, async (tl) => ({
    rows: await listed(tl, UNENDED),
    from: await tl.log.position(),
  }))
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
    // Without its code a run would only be noted as waiting for that, over what it really waits for.
    const wanted = rows.filter((row) => row.status !== 'halted' && codeIn(tasks)(row))
    for (const row of wanted) await goOn(tl, row.id)
    const ids = wanted.map(({ id }) => id)
    await attend(desk, tl, ids, {
      isFollowed: options.follow ?? false,
      from,
      signal: interruption.signal,
      hasCode: codeIn(tasks),
      before: wanted,
    })
    if (interruption.signal.aborted) return interruption.code
    return await summarise(desk, tl, rows)
  })
}

/** Wakes a run, or lifts its halt; one that ended the moment the store was opened needs neither. */
async function goOn(tl: Throughline, runId: string): Promise<void> {
  try {
    await (await tl.run(runId)).resume()
  } catch (error) {
    if (!(error instanceof ThroughlineError && error.code === 'run_ended')) throw error
  }
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
      for (const task of (await tasksOf(source, out)).tasks) {
        const isKnown = tasks.some(({ name, version }) => name === task.name && version === task.version)
        if (!isKnown) tasks.push(task)
        else if (!tasks.includes(task))
          out.say(
            `${out.tint('warn', 'left out:')} task "${task.name}" of ${source}: another file has it too; resume its runs by id.`,
          )
      }
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
