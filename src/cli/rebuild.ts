/** `throughline rebuild`: drop every view, and build it from the record again. */
import { asClient, type Define } from './command.ts'
import { progress } from './verify.ts'

export const define: Define = (command, act) => {
  command
    .addHelpText('after', '\nThe record itself is not touched.\n\nExample:\n  throughline rebuild')
    .action(
      act((desk) =>
        asClient(desk, async (tl) => {
          const { out } = desk
          const { events } = await tl.rebuild(progress(out))
          out.status(undefined)
          if (out.isJson) out.json({ events })
          else out.line(`Rebuilt from ${events.toLocaleString('en')} events.`)
          return 0
        }),
      ),
    )
}
