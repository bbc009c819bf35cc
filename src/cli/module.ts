/**
 * A user's file, and the tasks it exports.
 *
 * M1. Node runs it as it is, TypeScript by stripping its types: nothing is compiled, nothing is bundled.
 * M2. What the file prints while it is loaded and carried goes to stderr: stdout belongs to the answer.
 */
import { Console } from 'node:console'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { BadRequest, isTask, type AnyTask } from '../app/index.ts'
import { messageOf, ThroughlineError } from '../errors.ts'
import { quoted } from './command.ts'
import type { Output } from './output.ts'

/** Every task a file exports, also within exported arrays. @throws {BadRequest} */
export async function tasksOf(
  path: string,
  out: Output,
): Promise<{ readonly file: string; readonly tasks: AnyTask[] }> {
  const file = existing(path)
  speakOnStderr(out)
  const exported = await load(file, path)
  const values = Object.values(exported).flatMap((value) =>
    Array.isArray(value) ? (value as unknown[]) : [value],
  )
  const tasks = [...new Set(values.filter(isTask))]
  if (tasks.length === 0)
    throw new BadRequest(
      `${path} exports no task${values.length > 0 ? `, only ${names(Object.keys(exported))}` : ''}; write "export const review = task({ … })" in it.`,
      { file: path },
    )
  return { file, tasks }
}

/** The task that is meant: the one named, or the only one. @throws {BadRequest} */
export function chosenTask(tasks: readonly AnyTask[], name: string | undefined, path: string): AnyTask {
  const known = [...new Set(tasks.map((task) => task.name))]
  const fitting = name === undefined ? tasks : tasks.filter((task) => task.name === name)
  const task = fitting.at(-1)
  if (!task)
    throw new BadRequest(`${path} exports no task "${name ?? ''}"; it has ${names(known)}.`, { name, known })
  if (name === undefined && known.length > 1)
    throw new BadRequest(
      `${path} exports ${known.length} tasks: ${names(known)}. Say which: --task ${quoted(known[0] ?? '')}.`,
      { known },
    )
  return task
}

const MOST_NAMES = 12

const names = (list: readonly string[]): string =>
  [
    ...list.slice(0, MOST_NAMES).map((name) => `"${name}"`),
    ...(list.length > MOST_NAMES ? [`and ${list.length - MOST_NAMES} more`] : []),
  ].join(', ')

function existing(path: string): string {
  const file = resolve(path)
  if (path === '' || !existsSync(file))
    throw new BadRequest(`There is no file ${quoted(path)} in ${process.cwd()}; check the path.`, {
      file: path,
    })
  if (!statSync(file).isFile())
    throw new BadRequest(`${path} is a folder; give the file that exports the task.`, { file: path })
  return realpathSync(file)
}

async function load(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    throw new ThroughlineError('bad_request', {
      message: `${path} could not be loaded: ${whyNot(cause, file)}`,
      data: { file: path },
      cause,
    })
  }
}

const CODES: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING:
    'Node runs no TypeScript from node_modules; import it from a file of your own that exports the task, or build it first.',
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node strips types only, so enums, namespaces and parameter properties do not run; write them another way, or build the file first.',
  ERR_UNKNOWN_FILE_EXTENSION: 'Node runs .ts, .mts, .js and .mjs files; rename it, or build it first.',
}

/** Where in a user's file: the first line of a syntax error's stack, or the first frame in that file. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const line = /^(?:file:\/\/)?(\/[^\n]*?|[A-Z]:[^\n]*?):(\d+)\n/.exec(stack)
  if (line) return `It is in line ${line[2]} of ${line[1]}. `
  const at = stack.indexOf(`${file}:`)
  const number = at < 0 ? undefined : /^:(\d+)/.exec(stack.slice(at + file.length))?.[1]
  return number === undefined ? '' : `It is in line ${number} of ${file}. `
}

function whyNot(error: unknown, file: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const [firstLine = ''] = messageOf(error).split('\n')
  return CODES[code] === undefined
    ? `${firstLine.replace(/[^.!?]$/, '$&.')} ${placeOf(error, file)}Correct it, then try again.`
    : `${CODES[code]} (${firstLine})`
}

let isRedirected = false

function speakOnStderr(out: Output): void {
  if (isRedirected) return
  isRedirected = true
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.say(chunk.toString().replace(/\n$/, ''))
      done()
    },
  })
  globalThis.console = new Console({ stdout: stream, stderr: stream, colorMode: process.stderr.isTTY })
}
