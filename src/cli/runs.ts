/** `throughline runs`: the runs, newest first. */
import { BadRequest, type RunStatus } from '../app/index.ts'
import { asClient, type Define } from './command.ts'
import { wholeNumber } from './given.ts'
import { shortened } from './json.ts'
import { fromNow, pastMoment } from './moment.ts'
import { statusText } from './status.ts'

const STATUSES: readonly RunStatus[] = [
  'queued',
  'running',
  'waiting',
  'done',
  'failed',
  'cancelled',
  'halted',
]

interface Options {
  readonly task?: string
  readonly status?: string
  readonly scope?: string
  readonly since?: string
  readonly limit?: string
  readonly cursor?: string
}

export const define: Define = (command, act) => {
  command
    .option('--task <name>', 'of this task')
    .option('--status <status>', `one or several of ${STATUSES.join(', ')}, with commas between`)
    .option('--scope <scope>', 'of this scope')
    .option('--since <date>', 'started at or after a date, or so long ago: 2026-03-01, 2d')
    .option('--limit <n>', 'how many; 50 unless told, 1000 at most')
    .option('--cursor <cursor>', 'go on after the page that gave it')
    .addHelpText('after', '\nExample:\n  throughline runs --status waiting,halted --limit 20')
    .action(
      act(async (desk, options: Options) => {
        const { out } = desk
        const query = {
          ...(options.task === undefined ? {} : { task: options.task }),
          ...(options.scope === undefined ? {} : { scope: options.scope }),
          ...(options.status === undefined ? {} : { status: statusesIn(options.status) }),
          ...(options.since === undefined ? {} : { since: pastMoment(options.since, '--since', Date.now()) }),
          ...(options.cursor === undefined
            ? {}
            : { cursor: String(wholeNumber(options.cursor, '--cursor')) }),
          ...(options.limit === undefined ? {} : { limit: wholeNumber(options.limit, '--limit') }),
        }
        const page = await asClient(desk, (tl) => tl.runs.list(query))
        if (out.isJson) {
          out.json(page)
          return 0
        }
        if (page.runs.length === 0) out.say('No runs here that fit.')
        const now = Date.now()
        const width = Math.min(28, Math.max(4, ...page.runs.map(({ task }) => task.length)))
        for (const row of page.runs) {
          const task = shortened(row.task, width).padEnd(width)
          const age = fromNow(row.createdAt.getTime(), now)
            .replace(/ (\d+ \w+) ago$/, ' ago')
            .padStart(10)
          const key = row.key === undefined ? '' : out.paint('dim', `  key ${shortened(row.key, 40)}`)
          out.line(`${row.id}  ${task}  ${out.paint('dim', age)}  ${statusText(row, now, out.paint)}${key}`)
        }
        if (page.cursor !== undefined) out.say(out.tint('dim', `There are more: --cursor ${page.cursor}`))
        return 0
      }),
    )
}

function statusesIn(text: string): readonly RunStatus[] {
  return text.split(',').map((word) => {
    const status = STATUSES.find((one) => one === word.trim())
    if (!status)
      throw new BadRequest(`--status "${word}" is none; give ${STATUSES.join(', ')}.`, { given: word })
    return status
  })
}
