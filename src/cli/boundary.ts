/** `throughline boundary`: what a task may not cross, in a sentence each; with --run, what was spent of it. */
import { existsSync } from 'node:fs'
import { BadRequest, boundaryReport, type AnyTask, type BoundaryReport } from '../app/index.ts'
import { asClient, type Define, type Desk } from './command.ts'
import { plain } from './json.ts'
import { chosenTask, tasksOf } from './module.ts'

interface Options {
  readonly task?: string
  readonly run?: string
  readonly file?: string
}

export const define: Define = (command, act) => {
  command
    .argument('[task]', 'a file that exports the task, or the name of a task that ran here')
    .option('--task <name>', 'which task, if the file exports several')
    .option('--run <run>', 'with what this run, and all below it, has spent')
    .option('--file <file>', 'where the code of the task is, if the record does not say')
    .addHelpText(
      'after',
      `
Example:
  throughline boundary examples/document-intake/intake.ts
  throughline boundary --run run_01jv…`,
    )
    .action(
      act(async (desk, what: string | undefined, options: Options) => {
        tell(desk, await reportFor(desk, what, options))
        return 0
      }),
    )
}

async function reportFor(desk: Desk, what: string | undefined, options: Options): Promise<BoundaryReport> {
  const { run } = options
  if (what === undefined && run === undefined)
    throw new BadRequest(
      'Say which task: a file that exports it, the name of one that ran here, or --run <run>.',
    )
  const isFile = what !== undefined && (existsSync(what) || /[./\\]/.test(what))
  const name = isFile ? options.task : (what ?? options.task)
  const path = options.file ?? (isFile ? what : await sourceOf(desk, name, run))
  const { tasks } = await tasksOf(path, desk.out)
  if (run === undefined) return boundaryReport(chosenTask(tasks, name, path))
  return asClient(
    desk,
    (tl) =>
      tl.boundary<never, unknown>(name === undefined ? undefined : chosenTask(tasks, name, path), { run }),
    {
      tasks: tasks as AnyTask[],
    },
  )
}

/** The file that a run, or the newest run of a task, was started from. */
async function sourceOf(desk: Desk, task: string | undefined, run: string | undefined): Promise<string> {
  const found = await asClient(desk, async (tl) => {
    if (run !== undefined) return (await (await tl.run(run)).info()).source
    const { runs } = await tl.runs.list({ ...(task === undefined ? {} : { task }), limit: 100 })
    return runs.find(({ source }) => source !== undefined)?.source
  })
  if (found !== undefined) return found
  throw new BadRequest(
    `The record does not say where the code of ${run ?? `task "${task ?? ''}"`} is; name it: throughline boundary <file>${run === undefined ? '' : ` --run ${run}`}.`,
    { task, run },
  )
}

function tell({ out }: Desk, report: BoundaryReport): void {
  if (out.isJson) return out.json(plain(report))
  const { task, version, lines, run } = report
  if (lines.length === 0) out.say(`Nothing limits ${task} (version ${version}).`)
  else out.say(out.tint('bold', `${task}, version ${version}`))
  for (const { sentence } of lines) out.line(sentence)
  for (const { run: ledger, used } of run?.spend ?? []) {
    out.line()
    out.line(
      out.paint(
        'bold',
        ledger === run?.id ? `Spent by ${ledger} and all below it` : `Spent by all of ${ledger}`,
      ),
    )
    if (used.length === 0) out.line('  nothing')
    for (const { what, spent, reserved, limit } of used) {
      const of = limit === undefined ? '' : ` of ${shown(limit)}`
      const open =
        reserved === 0 ? '' : out.paint('dim', `, ${shown(reserved)} of it reserved and not settled`)
      out.line(`  ${what.padEnd(14)} ${shown(spent)}${of}${open}`)
    }
  }
}

const shown = (value: number): string => value.toLocaleString('en-GB', { maximumFractionDigits: 6 })
