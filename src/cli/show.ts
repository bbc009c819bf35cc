/** `throughline show`: a run drawn for people, or told as JSON. */
import { events, read, type Feedback, type RunRow, type StoredEvent, type Throughline } from '../app/index.ts'
import { asClient, type Define, type Desk, type ExitCode } from './command.ts'
import { spentText } from './calls.ts'
import { chapterOf, draw } from './drawing.ts'
import { plain, preview, shortened } from './json.ts'
import { fromNow, lengthText, timeText } from './moment.ts'
import { lengthOf, operationsOf } from './operations.ts'
import { pendingOf } from './pending.ts'
import { markOf } from './status.ts'

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run')
    .option('--all', 'every branch and step, also where many are alike')
    .addHelpText('after', '\nExample:\n  throughline show run_01k2…')
    .action(
      act((desk, runId: string, options: { readonly all?: boolean }) =>
        asClient(desk, async (tl) => {
          const row = await (await tl.run(runId)).info()
          return desk.out.isJson ? tell(desk, tl, row) : drawRun(desk, tl, row, options.all ?? false)
        }),
      ),
    )
}

async function drawRun(desk: Desk, tl: Throughline, row: RunRow, isWhole: boolean): Promise<ExitCode> {
  const { out } = desk
  const now = Date.now()
  const { paint } = out
  const recorded = await chapterOf(tl, row)
  const took = lengthText((row.endedAt?.getTime() ?? now) - row.createdAt.getTime())
  out.line(
    `${paint('bold', row.id)}  ${row.task}${row.version === '1' ? '' : ` @${row.version}`}  ${markOf(row.status, paint)}  ${paint('dim', row.endedAt ? `in ${took}` : `for ${took}`)}`,
  )
  for (const [label, text] of factsOf(row, recorded, now))
    out.line(`  ${paint('dim', label.padEnd(8))} ${shortened(text, out.width - 12)}`)
  out.line()
  const drawn = await draw(row, { tl, paint, width: out.width, now, isWhole })
  for (const line of drawn) out.line(line)
  if (drawn.length === 0)
    out.line(paint('dim', row.status === 'erased' ? '(what it did was erased)' : '(no steps yet)'))
  const ending = endingOf(row, recorded)
  if (ending)
    out.line(
      `\n${paint(ending.isBad ? 'bad' : 'dim', ending.label)} ${ending.isBad ? ending.text : shortened(ending.text, 3 * out.width)}`,
    )
  drawCorrections(desk, await (await tl.run(row.id)).corrections())
  for (const { what, commands } of await pendingOf(tl, row, desk.storeFlag, now)) {
    out.line(`\n${paint('live', '◷')} ${what.replace(/\.$/, '')}${commands.length > 0 ? ':' : ''}`)
    for (const command of commands) out.line(`    ${command}`)
  }
  if (row.status === 'running' && !(await tl.log.isOwned()))
    out.line(
      `\n${paint('warn', 'Interrupted:')} no process carries it. This goes on with it:\n    throughline resume ${row.id} --follow${desk.storeFlag}`,
    )
  return 0
}

/** What is to be said above the steps; what is not known is left out. */
function factsOf(
  row: RunRow,
  recorded: readonly StoredEvent[],
  now: number,
): readonly (readonly [string, string])[] {
  const claims = recorded.filter(({ kind }) => kind === events.runClaimed.name).length
  const [first] = recorded
  const started = first?.kind === events.runStarted.name ? read(events.runStarted, first) : undefined
  const facts: (readonly [string, string | undefined])[] = [
    [
      'started',
      `${timeText(row.createdAt)} (${fromNow(row.createdAt.getTime(), now)})${claims > 1 ? `, carried by ${claims} processes` : ''}`,
    ],
    ['chapter', row.chapter > 1 ? `${row.chapter}, after ${row.chapter - 1} restarts` : undefined],
    ['key', row.key],
    ['scope', row.scope],
    ['thread', row.thread],
    ['child of', row.parent],
    ['fork of', started?.forkedFrom && `${started.forkedFrom.run} at ${started.forkedFrom.at}`],
    ['from', row.source],
    ['models', spentText(recorded)],
    ['input', started?.input === undefined ? undefined : preview(started.input, 400)],
  ]
  return facts.flatMap(([label, text]) => (text === undefined || text === '' ? [] : [[label, text] as const]))
}

function endingOf(
  row: RunRow,
  recorded: readonly StoredEvent[],
): { readonly label: string; readonly text: string; readonly isBad: boolean } | undefined {
  const last = recorded.at(-1)
  if (last?.kind === events.runDone.name)
    return { label: 'output', text: preview(read(events.runDone, last).v, 2000), isBad: false }
  if (row.status === 'failed')
    return { label: `failed (${row.mode ?? 'unclassified'})`, text: row.message ?? '', isBad: true }
  if (row.status === 'cancelled') return { label: 'cancelled', text: row.message ?? '', isBad: true }
  return undefined
}

/** What people said of the output, and what came of it. */
function drawCorrections({ out }: Desk, given: readonly Feedback[]): void {
  if (given.length === 0) return
  const { paint } = out
  out.line(
    `\n${paint('warn', 'corrected')} ${given.length === 1 ? 'in one place' : `in ${given.length} places`}`,
  )
  const shown = given.slice(-MOST_CORRECTIONS)
  if (shown.length < given.length)
    out.line(
      paint(
        'dim',
        `  … ${given.length - shown.length} earlier ones: throughline show ${given[0]?.run ?? ''} --json`,
      ),
    )
  for (const { path, was, is, by, because, at, convention } of shown) {
    const place = path === '' ? 'the whole' : path
    out.line(`  ${shortened(`${place}  ${preview(was, 60)} → ${preview(is, 60)}`, out.width - 2)}`)
    const reason = because === undefined ? '' : `: ${because}`
    const became = convention === undefined ? '' : `  became ${convention}`
    out.line(
      paint(
        'dim',
        `      ${timeText(at)}  ${shortened(`${by}${reason}`, Math.max(20, out.width - 60))}${became}`,
      ),
    )
  }
}

const MOST_CORRECTIONS = 20

async function tell({ out }: Desk, tl: Throughline, row: RunRow): Promise<ExitCode> {
  const recorded = await chapterOf(tl, row)
  const [first] = recorded
  const last = recorded.at(-1)
  const now = Date.now()
  const steps = operationsOf(recorded, row.endedAt !== undefined).map((operation) => ({
    ...operation,
    startedAt: new Date(operation.startedAt),
    endedAt: operation.endedAt === undefined ? undefined : new Date(operation.endedAt),
    due: operation.due === undefined ? undefined : new Date(operation.due),
    ms: operation.endedAt === undefined ? undefined : lengthOf(operation, now),
  }))
  out.json({
    ...row,
    input: first?.kind === events.runStarted.name ? plain(read(events.runStarted, first).input) : undefined,
    output: last?.kind === events.runDone.name ? plain(read(events.runDone, last).v) : undefined,
    steps,
    corrections: (await (await tl.run(row.id)).corrections()).map(({ run: _run, was, is, ...one }) => ({
      ...one,
      was: plain(was),
      is: plain(is),
    })),
  })
  return 0
}
