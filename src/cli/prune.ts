/** `throughline prune`: remove what ended long ago, so that every chain still verifies. */
import { asClient, type Define } from './command.ts'
import { pastMoment, timeText } from './moment.ts'

export const define: Define = (command, act) => {
  command
    .requiredOption('--before <date>', 'runs that ended before a date, or longer ago: 2026-03-01, 30d')
    .option('--dry-run', 'say what would go, and remove nothing')
    .addHelpText('after', '\nExample:\n  throughline prune --before 30d --dry-run')
    .action(
      act((desk, options: { readonly before: string; readonly dryRun?: boolean }) => {
        const before = pastMoment(options.before, '--before', Date.now())
        return asClient(desk, async (tl) => {
          const { out } = desk
          const isDryRun = options.dryRun ?? false
          const pruned = await tl.runs.prune({ before, isDryRun })
          if (out.isJson) out.json({ before, isDryRun, ...pruned })
          else if (isDryRun) out.line(`${pruned.runs} runs that ended before ${timeText(before)} would go.`)
          else
            out.line(
              `Removed ${pruned.runs} runs (${pruned.events} events) that ended before ${timeText(before)}.`,
            )
          return 0
        })
      }),
    )
}
