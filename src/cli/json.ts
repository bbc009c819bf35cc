/** JSON from the command line, and values of the record as JSON. */
import { readFileSync } from 'node:fs'
import { BadRequest } from '../app/index.ts'
import { messageOf } from '../errors.ts'

/** A JSON argument: the text itself, `@file`, or `@-` for stdin. @throws {BadRequest} saying where it is malformed */
export function jsonArgument(text: string, what: string): unknown {
  if (!text.startsWith('@')) return parse(text, what)
  const file = text.slice(1)
  try {
    return parse(readFileSync(file === '-' ? 0 : file, 'utf8').replace(/^\uFEFF/, ''), `${what} (${file})`)
  } catch (error) {
    if (error instanceof BadRequest) throw error
    throw new BadRequest(`${what} names the file "${file}", which cannot be read: ${reasonOf(error)}.`, {
      file,
    })
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = messageOf(error)
    const at = faultOf(text, message)
    const said = message.replace(/,? (?:in JSON )?at position .*$| in JSON$|, ".*$/s, '')
    throw new BadRequest(
      `${what} is not JSON at character ${at + 1}: ${said}.\n${excerpt(text, at)}\nQuote it for the shell ('{"name":"value"}'), or put it into a file and give @file.json.`,
      { at },
    )
  }
}

/** Where the fault is: where the parser says so, otherwise before the end of the shortest beginning that nothing can complete. */
function faultOf(text: string, message: string): number {
  const said = /at position (\d+)/.exec(message)?.[1]
  if (said !== undefined) return Number(said)
  let [fine, broken] = [0, text.length + 1]
  while (broken - fine > 1) {
    const middle = (fine + broken) >> 1
    if (mayGoOn(text.slice(0, middle))) fine = middle
    else broken = middle
  }
  return fine
}

/** Whether more text could make it JSON. */
function mayGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const message = messageOf(error)
    return (
      /end of JSON input|^Unterminated/.test(message) || message.includes(`position ${beginning.length} `)
    )
  }
}

/** The line with the fault, and a mark under it. */
function excerpt(text: string, at: number): string {
  const from = Math.max(text.lastIndexOf('\n', at - 1) + 1, at - 40)
  const end = text.indexOf('\n', at)
  const line = text.slice(from, Math.min(end < 0 ? text.length : end, at + 40)).replace(/\p{Cc}/gu, ' ')
  return `  ${line}\n  ${' '.repeat(at - from)}^`
}

/** What the operating system says of a file, without its own prefix: "no such file or directory". */
export function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^[A-Z]+: /, '')
    .replace(/, \w+( '.*')?$/s, '')
}

/** A value of the record as JSON can say it: maps and sets as lists, dates as text, errors as name and message. */
export function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Map) return [...value].map(([k, v]) => [plain(k), plain(v)])
  if (value instanceof Set) return [...value].map(plain)
  if (value instanceof URL) return value.href
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Error) {
    const { name, message, cause } = value
    const fields = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
    return { name, message, ...fields, ...(cause === undefined ? {} : { cause: plain(cause) }) }
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
}

/** A value on one line of at most `width` characters. */
export function preview(value: unknown, width: number): string {
  if (value === undefined) return ''
  return shortened(JSON.stringify(plain(value)) ?? '', width)
}

/** Text on one line of at most `width` characters. */
export function shortened(text: string, width: number): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim()
  return line.length <= width ? line : `${line.slice(0, Math.max(1, width - 1))}…`
}
