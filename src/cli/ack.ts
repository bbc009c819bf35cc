/** `throughline ack`: says that a brief was read, and is bound to what it says. */
import { asClient, type Define } from './command.ts'
import { byOf } from './given.ts'
import { plain } from './json.ts'

interface Given {
  readonly digest: string
  readonly by?: string
  readonly question?: readonly string[]
  readonly takeOver?: boolean
}

export const define: Define = (command, act) => {
  command
    .argument('<brief>', 'the brief that was read')
    .requiredOption('--digest <digest>', 'of the text that was read')
    .option('--by <reader>', 'who read it; you unless told')
    .option('--question <text...>', 'what the reader needs to know')
    .option('--take-over', 'take over a run that waits for another name')
    .addHelpText('after', '\nExample:\n  throughline ack brief_5f0c… --digest 9a1b…')
    .action(
      act((desk, id: string, { digest, question, takeOver, ...rest }: Given) =>
        asClient(desk, async (tl) => {
          const { by } = byOf(rest)
          const acknowledged = await tl.acknowledge(id, {
            digest,
            by,
            ...(question === undefined ? {} : { questions: question }),
            ...(takeOver ? { takeOver } : {}),
          })
          if (desk.out.isJson) desk.out.json(plain(acknowledged))
          else
            desk.out.say(
              `${by} has read ${id}${acknowledged.tookOver ? ', and takes over: the run goes on.' : '.'}`,
            )
          return 0
        }),
      ),
    )
}
