/** `throughline export`: a run, or everything, as lines of JSON. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { BadRequest } from '../app/index.ts'
import { asClient, quoted, type Define } from './command.ts'
import { reasonOf } from './json.ts'

export const define: Define = (command, act) => {
  command
    .argument('[run]', 'one run, with its children; everything unless told')
    .option('--out <file>', 'write to a file, whole or not at all; stdout unless told')
    .addHelpText('after', '\nExample:\n  throughline export run_01k2… --out run.jsonl')
    .action(
      act((desk, run: string | undefined, { out: file }: { readonly out?: string }) =>
        asClient(desk, async (tl) => {
          const lines = tl.export(run === undefined ? {} : { run })
          const count = file === undefined ? await write(lines, process.stdout) : await writeFile(lines, file)
          if (desk.out.isJson && file !== undefined) desk.out.json({ file, lines: count })
          else desk.out.say(`Exported ${count} lines${file === undefined ? '' : ` to ${file}`}.`)
          return 0
        }),
      ),
    )
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
