/** Lines of text out of files and into them. */
import { once } from 'node:events'
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { BadRequest } from '../app/index.ts'
import { quoted } from './command.ts'
import { reasonOf } from './json.ts'

const CHUNK_BYTES = 1 << 20

/**
 * The lines of a file, read as they are asked for; `-` is stdin. The file is opened at once: a wrong path creates no store. `most`: what
 * is longer is handed on as far as it was read, and nothing after it is.
 * @throws {BadRequest}
 */
export function linesOf(file: string, most = Infinity): Iterable<string> {
  let descriptor: number
  try {
    descriptor = file === '-' ? 0 : openSync(file, 'r')
    readSync(descriptor, Buffer.alloc(0))
  } catch (error) {
    throw new BadRequest(`The file "${file}" cannot be read: ${reasonOf(error)}.`, { file })
  }
  return (function* () {
    const decoder = new TextDecoder()
    const chunk = Buffer.alloc(CHUNK_BYTES)
    let rest = ''
    try {
      for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
        const lines = (rest + decoder.decode(chunk.subarray(0, bytes), { stream: true })).split('\n')
        rest = lines.pop() ?? ''
        yield* lines
        if (rest.length > most) break
      }
      yield rest
    } finally {
      if (descriptor !== 0) closeSync(descriptor)
    }
  })()
}

/** Writes lines to stdout, or to a file: whole or not at all. @returns how many @throws {BadRequest} */
export function writeLines(lines: AsyncIterable<string>, file: string | undefined): Promise<number> {
  return file === undefined ? write(lines, process.stdout) : writeFile(lines, file)
}

async function write(lines: AsyncIterable<string>, stream: NodeJS.WritableStream): Promise<number> {
  let count = 0
  for await (const line of lines) {
    count++
    if (!stream.write(`${line}\n`)) await once(stream, 'drain')
  }
  return count
}

async function writeFile(lines: AsyncIterable<string>, file: string): Promise<number> {
  const temporary = `${file}.${process.pid}.tmp`
  const stream = createWriteStream(temporary, { flush: true })
  try {
    await once(stream, 'open')
    const count = await write(lines, stream)
    stream.end()
    await once(stream, 'close')
    await rename(temporary, file)
    return count
  } catch (error) {
    stream.destroy()
    await rm(temporary, { force: true })
    if (error instanceof Error && 'syscall' in error)
      throw new BadRequest(`${quoted(file)} cannot be written: ${reasonOf(error)}.`, { file })
    throw error
  }
}
