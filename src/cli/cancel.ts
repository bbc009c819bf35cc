/** `throughline cancel`: ask a run to stop. */
import { asClient, type Define } from './command.ts'
import { sayWhoGoesOn } from './sent.ts'

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run')
    .option('--reason <reason>', 'why; kept on record')
    .addHelpText(
      'after',
      '\nIts children are cancelled, and its compensations run, newest first.\n\nExample:\n  throughline cancel run_01k2… --reason "started by mistake"',
    )
    .action(
      act((desk, runId: string, { reason }: { readonly reason?: string }) =>
        asClient(desk, async (tl) => {
          await (await tl.run(runId)).cancel(reason)
          return sayWhoGoesOn(desk, tl, runId, `Asked ${runId} to stop.`)
        }),
      ),
    )
}
