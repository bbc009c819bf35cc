/**
 * `node --conditions=throughline-source examples/assistant/start.ts`: three weeks in some seconds. The first day is put on record with a
 * clock that is three weeks slow; the rest is the command line, as anybody would type it today.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { putDown } from './day-one.ts'

const folder = mkdtempSync(join(tmpdir(), 'assistant-'))
const store = `file:${join(folder, 'assistant.db')}`
const commandLine = join(import.meta.dirname, '../../src/cli/bin.ts')
const say = (text = ''): void => void process.stdout.write(`${text}\n`)
const heading = (text: string): void => say(`\n${styleText('bold', text, { stream: process.stdout })}\n`)

try {
  heading(
    'Three weeks ago: the office is to move. Prices are asked for, a mover is chosen, the landlord is to answer.',
  )
  const { thread, run } = await putDown(store)
  say('The process has ended. Nothing of it is left but a file.')

  heading('Today, in other processes: what was there?')
  await type(['threads', 'list'])
  const brief = await type(['brief', thread, '--for', 'me'])

  heading('It was read, and is picked up.')
  const [, id = '', digest = ''] = /ack (brief_\w+) --digest (\w+)/.exec(brief) ?? []
  await type(['ack', id, '--digest', digest, '--by', 'me'])
  await type(['threads', 'resume', thread, '--because', 'The landlord has answered', '--by', 'me'])
  await type(['signal', run, 'lift', '{"granted":true}'])
  await type(['resume', run])
  await type(['threads', 'close', thread, '--because', 'Booked', '--by', 'me'])
  await type(['verify'])
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** What a command says, both to programs and to people; shown as it would be on a terminal. */
function type(args: readonly string[]): Promise<string> {
  const shown = args.map((arg) => (/^[\w./:-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')
  say(styleText('cyan', `$ throughline ${shown}`, { stream: process.stdout }))
  return new Promise((resolve, reject) => {
    const env = { ...process.env, THROUGHLINE_STORE: store }
    const child = execFile(
      process.execPath,
      [...process.execArgv, commandLine, ...args],
      { env },
      (error, stdout, stderr) => {
        say(`${stdout}${stderr}`)
        if (error) reject(new Error(`throughline ${shown} ended with ${String(error.code)}`))
        else resolve(`${stdout}${stderr}`)
      },
    )
    child.stdin?.end()
  })
}
