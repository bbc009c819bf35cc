/**
 * Seeing a run through: to its end, to what it waits for, or to the moment somebody presses Ctrl-C.
 *
 * Y1. After Ctrl-C the command that goes on is printed first; effects in flight are finished and recorded, unless it is pressed again.
 */
import { type ContextLog, type RunRow, type Throughline } from '../app/index.ts'
import type { Desk, ExitCode } from './command.ts'
import { plain } from './json.ts'
import { Live } from './live.ts'
import { pendingOf, type Pending } from './pending.ts'
import { standingOf, untilRest, type RestOptions } from './rest.ts'

/** Of more runs than this, only the first are told what they wait for. */
const MOST_TOLD = 20

export interface CarryOptions extends Pick<RestOptions, 'hasCode' | 'before'> {
  readonly isFollowed: boolean
  /** What was on record before: only what comes after is shown. */
  readonly from: number
  /** What goes on with it. */
  readonly again: string
}

/** Waits for a run to come to rest, prints how it stands, and says with which code to exit. */
export async function carry(
  desk: Desk,
  tl: Throughline,
  runId: string,
  options: CarryOptions,
): Promise<ExitCode> {
  using interruption = interruptible(desk, options.again)
  await attend(desk, tl, [runId], { ...options, signal: interruption.signal })
  if (interruption.signal.aborted) return interruption.code
  return await conclude(desk, tl, await (await tl.run(runId)).info())
}

/** Waits for runs to come to rest; shows what happens meanwhile to those who follow. */
export async function attend(
  desk: Desk,
  tl: Throughline,
  runIds: readonly string[],
  options: Omit<CarryOptions, 'again'> & { readonly signal: AbortSignal },
): Promise<void> {
  const { isFollowed, from } = options
  if (!isFollowed) return untilRest(tl, runIds, { ...options, isPatient: false })
  const shown = new AbortController()
  const live = new Live(desk.out)
  const several = runIds.length > 1
  for (const id of runIds) await live.add(tl, id, several ? id.slice(-6) : '')
  const watching = live.watch(tl, from, shown.signal)
  const told = new Set<string>()
  const onLook = (): void => {
    for (const id of runIds.slice(0, MOST_TOLD)) void tellPending(desk, tl, id, told)
  }
  try {
    await untilRest(tl, runIds, { ...options, isPatient: true, onLook })
  } finally {
    // What was committed last is still on its way to the screen.
    setImmediate(() => shown.abort())
    await watching
    desk.out.status(undefined)
  }
}

/** Says once what a followed run waits for. */
async function tellPending(desk: Desk, tl: Throughline, runId: string, told: Set<string>): Promise<void> {
  const row = await (await tl.run(runId)).info()
  if ((await standingOf(tl, row, Date.now())) !== 'parked') return
  for (const one of await pendingOf(tl, row, desk.storeFlag)) {
    // A sleep has its own line.
    if (!one.isOutside || told.has(one.what)) continue
    told.add(one.what)
    sayPending(desk, one)
  }
}

function sayPending({ out }: Desk, { what, commands }: Pending): void {
  out.say(`${out.tint('live', '◷')} ${what.replace(/\.$/, '')}${commands.length > 0 ? ':' : ''}`)
  for (const command of commands) out.say(`    ${command}`)
}

/** Prints how a run at rest stands: its output on stdout, anything else on stderr. */
export async function conclude(desk: Desk, tl: Throughline, row: RunRow): Promise<ExitCode> {
  const { out } = desk
  if (row.status === 'done') {
    const output = plain(await (await tl.run(row.id)).result())
    if (out.isJson) out.json({ run: row.id, status: row.status, output: output ?? null })
    else out.line(JSON.stringify(output ?? null, undefined, 2))
    return 0
  }
  if (row.status === 'failed' || row.status === 'cancelled') {
    out.say(`${out.tint('dim', 'What it did:')} throughline show ${row.id}${desk.storeFlag}`)
    await (await tl.run(row.id)).result()
  }
  const pending = await pendingOf(tl, row, desk.storeFlag)
  if (out.isJson)
    out.json({ run: row.id, status: row.status, mode: row.mode, message: row.message, waiting: row.waiting })
  out.say(
    row.status === 'halted'
      ? out.tint('warn', `${row.id} needs a person.`)
      : `${row.id} is parked; what it did is on record.`,
  )
  for (const one of pending) sayPending(desk, one)
  return row.status === 'halted' ? 1 : 0
}

interface Interruption extends Disposable {
  readonly signal: AbortSignal
  readonly code: 130 | 143
}

/** The first Ctrl-C asks to stop, the second stops. */
export function interruptible(desk: Desk, again: string): Interruption {
  const { out } = desk
  const controller = new AbortController()
  let code: 130 | 143 = 130
  const stop = (name: NodeJS.Signals) => {
    out.status(undefined)
    if (controller.signal.aborted) process.exit(code)
    code = name === 'SIGTERM' ? 143 : 130
    out.say(`\nInterrupted. What was done is on record; this goes on from there:\n\n  ${again}\n`)
    out.say(out.tint('dim', 'Finishing what is in flight; press again to stop at once.'))
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return {
    signal: controller.signal,
    get code() {
      return code
    },
    [Symbol.dispose]() {
      // Effects in flight are being finished now: pressed again, it stops at once.
      if (!controller.signal.aborted) process.off('SIGINT', stop).off('SIGTERM', stop)
    },
  }
}

/** What the engine and the tasks have to say, above the line that is rewritten. */
export function loggerFor({ out }: Desk): ContextLog {
  const say = (level: 'warning' | 'error') => (message: string) =>
    out.say(`${out.tint(level === 'error' ? 'bad' : 'warn', `${level}:`)} ${message}`)
  return {
    debug: () => {},
    info: (message) => out.say(out.tint('dim', message)),
    warn: say('warning'),
    error: say('error'),
  }
}
