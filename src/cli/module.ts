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

const names = (list: readonly string[]): string => list.map((name) => `"${name}"`).join(', ')

function existing(path: string): string {
  const file = resolve(path)
  if (path === '' || !existsSync(file))
    throw new BadRequest(
      `There is no file ${path === '' ? '""' : path} in ${process.cwd()}; check the path.`,
      { file: path },
    )
  if (!statSync(file).isFile())
    throw new BadRequest(`${path} is a folder; give the file that exports the task.`, { file: path })
  return realpathSync(file)
}

async function load(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    throw new ThroughlineError('bad_request', {
      message: `${path} could not be loaded: ${whyNot(cause)}`,
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

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const [firstLine = ''] = messageOf(error).split('\n')
  return CODES[code] === undefined
    ? `${firstLine} Correct the file, then try again.`
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
