/**
 * One Postgres for a whole test run: `sharedPostgres()` in a test, and vitest's globalSetup, which only stops what was started.
 *
 * THROUGHLINE_TEST_POSTGRES=postgres://… points the tests at another server, which must allow them to make schemas and roles.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const VARIABLE = 'THROUGHLINE_TEST_SERVERS'

interface Answer {
  readonly url?: string
  readonly pid?: number
  readonly failed?: string
}

/** vitest's globalSetup. Nothing is started here: most runs need no server. */
export function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-servers-'))
  process.env[VARIABLE] = folder
  return async () => {
    const { pid } = answerIn(folder) ?? {}
    if (pid !== undefined) await stop(pid)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The address of a database to test with; the first to ask starts the server. */
export async function sharedPostgres(): Promise<string> {
  const elsewhere = process.env['THROUGHLINE_TEST_POSTGRES']
  if (elsewhere !== undefined) return elsewhere
  const folder = process.env[VARIABLE]
  if (folder === undefined) throw new Error('Run by vitest, or set THROUGHLINE_TEST_POSTGRES.')
  if (isFirst(folder)) {
    const serve = join(import.meta.dirname, 'serve.ts')
    spawn(process.execPath, [serve, folder, String(process.ppid)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
    }).unref()
  }
  for (;;) {
    const answer = answerIn(folder)
    if (answer?.failed !== undefined) throw new Error(answer.failed)
    if (answer?.url !== undefined) return answer.url
    await pause(50)
  }
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(join(folder, 'started'))
    return true
  } catch {
    return false
  }
}

function answerIn(folder: string): Answer | undefined {
  const file = join(folder, 'answer')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Answer) : undefined
}

async function stop(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGTERM')
    for (let i = 0; i < 200; i++, await pause(50)) process.kill(pid, 0)
  } catch {
    // gone
  }
}
