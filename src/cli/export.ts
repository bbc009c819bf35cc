/** `throughline export`: a run, or everything, as lines of JSON. */
import { asClient, type Define } from './command.ts'
import { writeLines } from './lines.ts'

export const define: Define = (command, act) => {
  command
    .argument('[run]', 'one run, with its children; everything unless told')
    .option('--out <file>', 'write to a file, whole or not at all; stdout unless told')
    .addHelpText('after', '\nExample:\n  throughline export run_01k2… --out run.jsonl')
    .action(
      act((desk, run: string | undefined, { out: file }: { readonly out?: string }) =>
        asClient(desk, async (tl) => {
          const lines = tl.export(run === undefined ? {} : { run })
          const count = await writeLines(lines, file)
          if (desk.out.isJson && file !== undefined) desk.out.json({ file, lines: count })
          else desk.out.say(`Exported ${count} lines${file === undefined ? '' : ` to ${file}`}.`)
          return 0
        }),
      ),
    )
}
