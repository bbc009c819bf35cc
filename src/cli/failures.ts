/** `throughline failures`: which modes tasks declare a way out for, which they met, and which nobody thought of. */
import { BadRequest, type Failures, type ModeOfTask, type Throughline } from '../app/index.ts'
import { asClient, type Define, type Desk } from './command.ts'
import { plain, shortened } from './json.ts'
import { fromNow, pastMoment } from './moment.ts'
import { tasksOf } from './module.ts'
import type { Output } from './output.ts'

interface Options {
  readonly from?: string
  readonly since?: string
}

const MOST_LINES = 10

export const define: Define = (command, act) => {
  command
    .argument('[what]', 'a task, or a run; all tasks unless told')
    .option('--from <file>', 'a file that exports tasks: what they declare is shown as well')
    .option('--since <date>', 'met at or after a date, or so long ago: 2026-03-01, 2d')
    .addHelpText(
      'after',
      '\nExample:\n  throughline failures\n  throughline failures vendor-review --from review.ts --since 7d',
    )
    .action(
      act(async (desk, what: string | undefined, options: Options) => {
        const { out } = desk
        const tasks = options.from === undefined ? [] : (await tasksOf(options.from, out)).tasks
        const since =
          options.since === undefined ? {} : { since: pastMoment(options.since, '--since', Date.now()) }
        const shown = await asClient(
          desk,
          async (tl) => tl.failures({ ...(await meant(tl, what, tasks)), ...since }),
          { tasks },
        )
        if (out.isJson) out.json(plain(shown))
        else draw(desk, shown, options.from !== undefined)
        return 0
      }),
    )
}

/** A run by its id, or else a task. @throws {BadRequest} for one that nobody has heard of @throws {RunNotFound} */
async function meant(tl: Throughline, what: string | undefined, tasks: readonly { readonly name: string }[]) {
  if (what === undefined) return {}
  if (what.startsWith('run_')) return { run: (await tl.run(what)).id }
  const isKnown =
    tasks.some(({ name }) => name === what) || (await tl.runs.list({ task: what, limit: 1 })).runs.length > 0
  if (!isKnown)
    throw new BadRequest(
      `There is no task "${what}" with a run in this store. "throughline runs" lists what ran; a task's file is given with --from.`,
      { task: what },
    )
  return { task: what }
}

function draw(desk: Desk, { modes, latest }: Failures, knowsCode: boolean): void {
  const { out } = desk
  if (modes.length === 0) {
    out.say(knowsCode ? 'No failure was met, and none is declared for.' : 'No failure was met.')
    return
  }
  const width = Math.max(...modes.map(({ mode }) => mode.length))
  let task: string | undefined
  for (const mode of modes) {
    if (mode.task !== task) out.line(`${task === undefined ? '' : '\n'}${out.paint('bold', mode.task)}`)
    task = mode.task
    out.line(`  ${mode.mode.padEnd(width)}  ${lineOf(mode, out)}`)
  }
  const now = Date.now()
  const halted = latest.filter(({ state }) => state === 'halted').slice(0, MOST_LINES)
  if (halted.length > 0) out.line(`\n${out.paint('bold', 'Halted')}`)
  for (const { run, mode, operation, metAt } of halted)
    out.line(
      `  ${run}  ${out.paint('warn', mode)} in ${shortened(operation, 60)}  ${out.paint('dim', fromNow(metAt.getTime(), now))}`,
    )
  if (halted.length > 0)
    out.say(
      out.tint('dim', `\nMend the cause, then: throughline resume ${halted[0]?.run ?? ''}${desk.storeFlag}`),
    )
}

function lineOf({ met, unhandled, ended, isDeclared, ladder }: ModeOfTask, out: Output): string {
  const parts = (['recovered', 'partial', 'halted', 'compensated', 'open'] as const)
    .filter((state) => ended[state] > 0)
    .map((state) => out.paint(TONES[state], `${ended[state]} ${state}`))
  const times = met === 0 ? out.paint('dim', 'never met') : `met ${met}×: ${parts.join(', ')}`
  const nobody =
    unhandled > 0 ? out.paint('bad', `  ${unhandled === met ? 'unhandled' : `unhandled ${unhandled}×`}`) : ''
  const way = ladder === undefined ? '' : `  ${isDeclared ? '' : 'by default: '}${ladder.join(' → ')}`
  return `${times}${nobody}${out.paint('dim', way)}`
}

const TONES = {
  recovered: 'good',
  partial: 'warn',
  halted: 'warn',
  compensated: 'warn',
  open: 'live',
} as const
