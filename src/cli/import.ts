/** `throughline import`: take in what an export wrote. */
import { closeSync, openSync, readSync } from 'node:fs'
import { BadRequest } from '../app/index.ts'
import { asClient, type Define } from './command.ts'
import { reasonOf } from './json.ts'

const CHUNK_BYTES = 1 << 20

export const define: Define = (command, act) => {
  command
    .argument('<file>', 'what "throughline export" wrote; - for stdin')
    .addHelpText(
      'after',
      '\nHashes and times stay as they were recorded. Stop the runs where they came from: here they go on.\n\nExample:\n  throughline import run.jsonl --store file:./other.db',
    )
    .action(
      act((desk, file: string) => {
        const lines = linesOf(file)
        return asClient(
          desk,
          async (tl) => {
            const { out } = desk
            const imported = await tl.import(lines)
            if (out.isJson) out.json(imported)
            else {
              const known =
                imported.alreadyHere > 0 ? `; ${imported.alreadyHere} streams were here already` : ''
              out.line(`Imported ${imported.events} events in ${imported.streams} streams${known}.`)
            }
            if (imported.unfinished.length > 0)
              out.say(
                `${imported.unfinished.length} of the runs have not ended; this goes on with them:\n\n  throughline resume --file <file>${desk.storeFlag}\n`,
              )
            return 0
          },
          { mustExist: false },
        )
      }),
    )
}

/** The lines of a file, read as they are asked for. The file is opened at once: a wrong path creates no store. @throws {BadRequest} */
function linesOf(file: string): Iterable<string> {
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
      }
      yield rest
    } finally {
      if (descriptor !== 0) closeSync(descriptor)
    }
  })()
}
