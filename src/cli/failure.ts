/** An error as the command line tells it: a sentence and an exit code, never a stack trace. */
import { messageOf, ThroughlineError } from '../errors.ts'
import type { ExitCode } from './command.ts'
import type { Output } from './output.ts'

/** The work was tried and went wrong; every other error of ours says that what was asked for could not be. */
const FAILED_WORK: ReadonlySet<string> = new Set([
  'run_failed',
  'run_cancelled',
  'run_halted',
  'child_failed',
  'chain_broken',
  'store_full',
  'store_busy',
  'store_failed',
  'store_read_only',
  'store_unavailable',
  'stream_moved',
  'ownership_lost',
  'guard_failed',
  'closed',
])

/** Whether stack traces are wanted. */
export const isDebugging = (): boolean => !['', '0', undefined].includes(process.env['THROUGHLINE_DEBUG'])

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof ThroughlineError && !FAILED_WORK.has(error.code) ? 2 : 1
}

/** Prints the error where it belongs. */
export function report(error: unknown, out: Output): void {
  const code = error instanceof ThroughlineError ? error.code : 'unexpected'
  const message = messageOf(error)
  if (out.isJson) {
    const data = error instanceof ThroughlineError ? error.data : {}
    out.json({ error: { code, message, data } })
  } else {
    out.say(`${out.tint('bad', `${code}:`)} ${message}`)
    if (error instanceof ThroughlineError) out.say(out.tint('dim', `See docs/errors/${code}.md`))
    else out.say(out.tint('dim', 'Set THROUGHLINE_DEBUG=1 to see where it came from.'))
  }
  if (isDebugging()) out.say(stackOf(error))
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\nCaused by: ${stackOf(error.cause)}`
}
