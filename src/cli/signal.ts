/** `throughline signal`: a message to a run. */
import { asClient, type Define } from './command.ts'
import { jsonArgument } from './json.ts'
import { sayWhoGoesOn } from './sent.ts'

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run')
    .argument('<name>', 'the name it waits for: ctx.wait(name)')
    .argument('[json]', 'the payload: JSON, @file, or @- for stdin')
    .option('--id <id>', 'names the message: the same id is sent once')
    .addHelpText('after', `\nExample:\n  throughline signal run_01k2… approve '{"approved":true,"by":"Ada"}'`)
    .action(
      act(
        (desk, runId: string, name: string, json: string | undefined, options: { readonly id?: string }) => {
          const payload = json === undefined ? undefined : jsonArgument(json, 'The payload')
          return asClient(desk, async (tl) => {
            const run = await tl.run(runId)
            const { waiting } = await run.info()
            await run.signal(name, payload, options.id === undefined ? {} : { id: options.id })
            const waits = waiting.filter((one) => one.kind === 'wait').map((one) => one.name)
            const isAwaited = waits.includes(name)
            const hint =
              waits.length === 0 ? '' : ` (it waits for ${waits.map((one) => `"${one}"`).join(', ')})`
            return sayWhoGoesOn(
              desk,
              tl,
              runId,
              isAwaited
                ? `Sent "${name}".`
                : `Sent "${name}"; nothing waits for it now${hint}, it is kept for when something does.`,
            )
          })
        },
      ),
    )
}
