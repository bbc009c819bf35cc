/** `throughline import`: take in what an export wrote. */
import { asClient, type Define } from './command.ts'
import { linesOf } from './lines.ts'

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
