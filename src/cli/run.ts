/** `throughline run`: start a task from a file, and see it through. */
import { open, telemetryFromEnvironment } from '../app/index.ts'
import { carry, loggerFor } from './carry.ts'
import type { Define, Desk, ExitCode } from './command.ts'
import { jsonArgument } from './json.ts'
import { chosenTask, tasksOf } from './module.ts'
import { codeIn } from './rest.ts'

interface Options {
  readonly task?: string
  readonly input?: string
  readonly key?: string
  readonly thread?: string
  readonly scope?: string
  readonly follow?: boolean
}

export const define: Define = (command, act) => {
  command
    .argument('<file>', 'the file that exports the task (.ts, .js)')
    .option('--task <name>', 'which task, if the file exports several')
    .option('--input <json>', 'the input as JSON, @file, or @- for stdin')
    .option('--key <key>', 'names the run: the same key gives the same run')
    .option('--thread <thread>', 'the line of work it belongs to; its scope is the thread’s unless told')
    .option('--scope <scope>', 'whose it is: a path such as acme/purchasing')
    .option('--follow', 'show what happens, and stay while it waits')
    .addHelpText(
      'after',
      `
The output is printed on stdout as JSON. What the file itself prints goes to stderr.
A run that waits for something outside is left on record, and how to go on is said; with --follow it is waited for.
With OTEL_EXPORTER_OTLP_ENDPOINT set, what the record says is sent there as traces and metrics.

Example:
  throughline run examples/vendor-review/review.ts --task vendor-review --input '{"slowMs":50}' --follow`,
    )
    .action(act(run))
}

async function run(desk: Desk, path: string, options: Options): Promise<ExitCode> {
  const { out, store } = desk
  const input = options.input === undefined ? undefined : jsonArgument(options.input, '--input')
  const { file, tasks } = await tasksOf(path, out)
  const task = chosenTask(tasks, options.task, path)
  const logger = loggerFor(desk)
  const tl = await open({ store, tasks, logger })
  try {
    await using sending = telemetryFromEnvironment(tl, logger)
    await sending?.started
    const from = await tl.log.position()
    const handle = await tl.start(task.name, input ?? (task.input === undefined ? undefined : {}), {
      source: file,
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.thread === undefined ? {} : { thread: options.thread }),
      ...(options.scope === undefined ? {} : { scope: options.scope }),
    })
    const [row] = await tl.log.select('runs', { where: { run: handle.id }, columns: ['position'] })
    const isNew = Number(row?.['position']) > from
    out.say(
      isNew
        ? `${out.tint('bold', handle.id)}  ${task.name}`
        : `${out.tint('bold', handle.id)}  ${task.name}, started before under this key`,
    )
    if (!tl.isCarrying)
      out.say(out.tint('dim', 'Another process carries the runs of this store; following it.'))
    const again = `throughline resume ${handle.id} --follow${desk.storeFlag}`
    return await carry(desk, tl, handle.id, {
      isFollowed: options.follow ?? false,
      from,
      again,
      hasCode: codeIn(tasks),
    })
  } finally {
    await tl.close()
  }
}
