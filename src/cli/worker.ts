/**
 * `throughline worker`: carries the runs of a store until it is told to stop.
 *
 * W1. The first SIGTERM or SIGINT drains: nothing is begun any more, effects in flight are finished and recorded, what was carried
 *     is let go of, and it ends with 0. The second ends it at once.
 */
import {
  BadRequest,
  open,
  restateAt,
  telemetryFromEnvironment,
  type AnyTask,
  type RestateDispatch,
  type Throughline,
} from '../app/index.ts'
import { loggerFor } from './carry.ts'
import type { Define, Desk, ExitCode } from './command.ts'
import { tasksOf } from './module.ts'

interface Options {
  readonly concurrency?: string
  readonly dispatch?: string
  readonly listen?: string
  readonly address?: string
  readonly identityKey?: readonly string[]
}

export const define: Define = (command, act) => {
  command
    .argument('<files...>', 'the files that export the tasks (.ts, .js)')
    .option('--concurrency <n>', 'runs advanced at once; waiting ones take no place', '256')
    .option(
      '--dispatch <address>',
      'who hands out the runs: restate://host:8080; the store itself unless told',
    )
    .option('--listen <address>', 'behind Restate: where this worker listens; :9080 unless told')
    .option(
      '--address <url>',
      'behind Restate: where it reaches the workers of this release, such as a load balancer',
    )
    .option('--identity-key <key...>', 'behind Restate: calls that none of these keys signed are refused')
    .addHelpText(
      'after',
      `
Of a store on Postgres any number of workers carry runs side by side; a store in a file has one at a time, the others wait for it to go.
Ctrl-C, or SIGTERM, finishes what is in flight and ends; a second one ends at once.
With OTEL_EXPORTER_OTLP_ENDPOINT set, what the record says is sent there as traces and metrics.

Example:
  throughline worker examples/vendor-review/review.ts --store postgres://localhost/app
  throughline worker review.ts --store postgres://db/app --dispatch restate://restate:8080 --listen :9080`,
    )
    .action(act(work))
}

async function work(desk: Desk, paths: readonly string[], options: Options): Promise<ExitCode> {
  const concurrency = Number(options.concurrency)
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new BadRequest(`--concurrency must be a whole number from 1; got ${options.concurrency}.`)
  const dispatch = dispatchOf(options)
  const tasks = new Set<AnyTask>()
  for (const path of paths) for (const task of (await tasksOf(path, desk.out)).tasks) tasks.add(task)
  const told = Promise.withResolvers<void>()
  const stop = (): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    told.resolve()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const logger = loggerFor(desk)
  const tl = await open({
    store: desk.store,
    tasks: [...tasks],
    concurrency,
    logger,
    ...(dispatch ? { dispatch } : {}),
  })
  try {
    await using sending = telemetryFromEnvironment(tl, logger)
    await sending?.started
    introduce(desk, tl, [...tasks], concurrency)
    await told.promise
    desk.out.say('Finishing what is in flight; a second signal stops at once.')
  } finally {
    await tl.close()
  }
  desk.out.say('Stopped; what was under way is on record.')
  return 0
}

function dispatchOf({ dispatch, listen, address, identityKey }: Options): RestateDispatch | undefined {
  if (dispatch !== undefined)
    return restateAt(dispatch, {
      ...(listen === undefined ? {} : { listen }),
      ...(address === undefined ? {} : { address }),
      ...(identityKey === undefined ? {} : { identityKeys: identityKey }),
    })
  if (listen === undefined && address === undefined && identityKey === undefined) return undefined
  throw new BadRequest(
    '--listen, --address and --identity-key are for workers behind Restate; add --dispatch restate://host:8080.',
  )
}

/** Says what it carries. */
function introduce({ out }: Desk, tl: Throughline, tasks: readonly AnyTask[], concurrency: number): void {
  if (out.isJson) {
    const carried = tasks.map(({ name, version, resumes }) => ({ name, version, resumes }))
    out.json({ pid: process.pid, isCarrying: tl.isCarrying, concurrency, tasks: carried })
    return
  }
  const names = tasks.map(({ name, version }) => `${name}@${version}`)
  out.line(`worker ${process.pid} carries ${names.join(', ')}, ${concurrency} at once`)
  if (!tl.isCarrying)
    out.say(out.tint('dim', 'Another process carries the runs of this store; this one follows when it goes.'))
}
