/** Starting a run: its input checked, its key honoured, one commit. */
import { handedBrief, openThread } from '../continuity/index.ts'
import { AlreadyThere, encode, eventOf, type Log } from '../log/index.ts'
import { events, KeyReused, read, type RunStartedBody } from '../run/index.ts'
import { validate, type AnyTask } from '../task/index.ts'
import { BadRequest } from './errors.ts'
import type { Ids } from './ids.ts'

export interface StartOptions {
  /** Same tenant, scope, task and key: the same run. */
  readonly key?: string
  /** What to do when the key is taken: give that run (default), refuse, or start anew if it failed or was cancelled. */
  readonly reuse?: 'never' | 'after-failure'
  /** The thread's, where there is one, unless told. */
  readonly scope?: string
  /** The line of work it belongs to: see `tl.threads`. */
  readonly thread?: string
  /** A brief that the run has to acknowledge before it does anything: see `ctx.brief`. */
  readonly brief?: string
  /** Not before this moment. */
  readonly at?: Date
  /** The module the task came from, so that `throughline resume` finds it. */
  readonly source?: string
}

/** @returns the run's id, and whether it was started by this call. @throws {InvalidValue} @throws {KeyReused} @throws {AlreadyThere} @throws {ThreadNotFound} @throws {ThreadOver} @throws {BriefUnknown} */
export async function startRun(
  log: Log,
  newId: Ids,
  task: AnyTask,
  given: unknown,
  options: StartOptions,
): Promise<{ readonly run: string; readonly isNew: boolean }> {
  checkOptions(options)
  const input = await validate(task.input, given, 'invalid_input', `The input of task "${task.name}"`)
  const { key, thread, at, source } = options
  const brief = options.brief === undefined ? undefined : await handedBrief(log, options.brief)
  const attached = thread === undefined ? undefined : await openThread(log, thread)
  const scope = options.scope ?? (attached?.scope || undefined)
  const body: RunStartedBody = {
    run: newId('run'),
    task: task.name,
    version: task.version,
    input,
    seed: newId('seed'),
    chapter: 1,
    ...(key === undefined ? {} : { key }),
    ...(scope === undefined ? {} : { scope }),
    ...(thread === undefined ? {} : { thread }),
    ...(brief === undefined ? {} : { brief }),
    ...(at === undefined ? {} : { notBefore: at.getTime() }),
    ...(source === undefined ? {} : { source }),
  }
  for (;;) {
    const holder = key === undefined ? undefined : await holderOf(log, body)
    const mayReplace =
      holder !== undefined &&
      options.reuse === 'after-failure' &&
      (holder.status === 'failed' || holder.status === 'cancelled')
    if (holder !== undefined && !mayReplace)
      return { run: await sameInput(log, holder.run, body, options), isNew: false }
    try {
      const event = eventOf(events.runStarted, mayReplace ? { ...body, replaces: holder.run } : body)
      await log.commit({ appends: [{ stream: body.run, expected: { new: true }, events: [event] }] })
      return { run: body.run, isNew: true }
    } catch (error) {
      // Another process took the key in this very moment: look again.
      if (key === undefined || !(error instanceof AlreadyThere)) throw error
    }
  }
}

function checkOptions(options: StartOptions): void {
  for (const name of ['key', 'scope', 'thread'] as const) {
    const value = options[name]
    if (value !== undefined && (typeof value !== 'string' || value.length === 0 || value.length > 500)) {
      throw new BadRequest(
        `The ${name} of a run must be text of 1 to 500 characters; got ${JSON.stringify(value)}.`,
        { [name]: value },
      )
    }
  }
  if (options.at !== undefined && (!(options.at instanceof Date) || Number.isNaN(options.at.getTime())))
    throw new BadRequest('The time a run starts at must be a valid Date.')
}

async function holderOf(
  log: Log,
  body: RunStartedBody,
): Promise<{ readonly run: string; readonly status: string } | undefined> {
  const where = { tenant: 'default', scope: body.scope ?? '', task: body.task, key: body.key ?? '' }
  const [holds] = await log.select('keys', { where })
  if (!holds) return undefined
  const run = String(holds['run'])
  const [row] = await log.select('runs', { where: { run }, columns: ['status'] })
  return { run, status: String(row?.['status']) }
}

async function sameInput(
  log: Log,
  run: string,
  body: RunStartedBody,
  options: StartOptions,
): Promise<string> {
  if (options.reuse === 'never')
    throw new AlreadyThere(`A run with key "${body.key ?? ''}" (${run})`, { run, key: body.key })
  for await (const [first] of log.read(run)) {
    if (first && encode(read(events.runStarted, first).input) !== encode(body.input))
      throw new KeyReused(body.key ?? '', run)
    break
  }
  return run
}
