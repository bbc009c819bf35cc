/** `throughline fork`: a new run with the history of another up to a step. */
import { asClient, type Define } from './command.ts'
import { sayWhoGoesOn } from './sent.ts'

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run whose history is taken')
    .requiredOption('--at <step>', 'up to this step (read, read#2), or the number of an event')
    .addHelpText(
      'after',
      '\nThe id of the new run is printed on stdout.\n\nExample:\n  throughline fork run_01k2… --at score',
    )
    .action(
      act((desk, runId: string, { at }: { readonly at: string }) =>
        asClient(desk, async (tl) => {
          const fork = await (await tl.run(runId)).fork({ at })
          if (!desk.out.isJson) desk.out.line(fork.id)
          return sayWhoGoesOn(desk, tl, fork.id, `Forked ${runId} after "${at}".`)
        }),
      ),
    )
}
