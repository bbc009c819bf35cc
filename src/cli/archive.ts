/** `throughline archive`: move what ended long ago out of the way of what is written, in a store on Postgres. */
import { asClient, type Define } from './command.ts'
import { pastMoment, timeText } from './moment.ts'

export const define: Define = (command, act) => {
  command
    .requiredOption('--before <date>', 'runs that ended before a date, or longer ago: 2026-03-01, 90d')
    .addHelpText(
      'after',
      '\nExample:\n  throughline archive --before 90d --store postgres://user:password@host/database',
    )
    .action(
      act((desk, options: { readonly before: string }) => {
        const before = pastMoment(options.before, '--before', Date.now())
        return asClient(desk, async (tl) => {
          const { out } = desk
          const archived = await tl.runs.archive({ before })
          if (out.isJson) out.json({ before, ...archived })
          else
            out.line(
              `Archived ${archived.events} events; ${archived.runs} runs that ended before ${timeText(before)} are in the archive.`,
            )
          return 0
        })
      }),
    )
}
