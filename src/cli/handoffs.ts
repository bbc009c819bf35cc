/** `throughline handoffs`: runs that wait to be taken over. */
import { asClient, type Define } from './command.ts'
import { plain, shortened } from './json.ts'
import { fromNow } from './moment.ts'

interface Given {
  readonly to?: string
}

export const define: Define = (command, act) => {
  command
    .option('--to <name>', 'those for one name')
    .addHelpText('after', '\nExample:\n  throughline handoffs --to ada')
    .action(
      act((desk, given: Given) =>
        asClient(desk, async (tl) => {
          const { out } = desk
          const waiting = await tl.handoffs(given)
          if (out.isJson) out.json(plain(waiting))
          else if (waiting.length === 0) out.say('Nothing waits to be taken over.')
          const now = Date.now()
          const width = Math.min(28, Math.max(4, ...waiting.map(({ to }) => to.length)))
          for (const { run, to, reason, note, offeredAt } of out.isJson ? [] : waiting) {
            const why = shortened(note === undefined ? reason : `${reason} (${note})`, 80)
            out.line(
              `${run}  ${shortened(to, width).padEnd(width)}  ${why}  ${out.paint('dim', fromNow(offeredAt.getTime(), now))}`,
            )
          }
          if (!out.isJson && waiting.length > 0)
            out.say(
              out.tint('dim', `\nRead one: throughline brief ${waiting[0]?.run ?? ''}${desk.storeFlag}`),
            )
          return 0
        }),
      ),
    )
}
