/** `throughline threads`: lines of work, put down and picked up. */
import type { Command } from 'commander'
import type { RecordedThread, Thread, Throughline } from '../app/index.ts'
import { asClient, type Act, type Define, type Desk, type ExitCode } from './command.ts'
import { byOf, dateOf, wholeNumber } from './given.ts'
import { plain, shortened } from './json.ts'
import { fromNow, timeText } from './moment.ts'
import type { Output, Tone } from './output.ts'

interface Given {
  readonly because?: string
  readonly next?: string
  readonly waiting?: string
  readonly until?: string
  readonly due?: string
  readonly scope?: string
  readonly ifVersion?: string
  readonly by?: string
}

const TONES: Readonly<Record<string, Tone>> = { open: 'good', parked: 'warn', done: 'dim' }

export const define: Define = (command, act) => {
  command.addHelpText(
    'after',
    `
Example:
  throughline threads open 'Renew the lease' --next 'Ask for the terms' --scope home
  throughline threads park thr_01k2… --because 'They answer next week' --until 2027-03-01
  throughline brief thr_01k2…
  throughline threads resume thr_01k2…`,
  )
  defineReading(command, act)
  defineChanges(command, act)
}

function defineReading(command: Command, act: Act): void {
  command
    .command('list')
    .summary('threads that are not done, the last changed first')
    .option('--state <states>', 'open, parked or done, with commas between')
    .option('--scope <scope>', 'of this scope')
    .option('--limit <n>', 'how many; 100 unless told, 1000 at most')
    .option('--cursor <cursor>', 'go on after the page that gave it')
    .action(act((desk, options: ListOptions) => asClient(desk, (tl) => list(desk, tl, options))))
  command
    .command('show')
    .summary('a thread, every version of it, and its runs')
    .argument('<thread>', 'the thread')
    .action(
      act((desk, id: string) =>
        asClient(desk, async (tl) => {
          const versions = await tl.threads.history(id)
          const { runs } = await tl.runs.list({ thread: id })
          if (desk.out.isJson) desk.out.json(plain({ versions, runs }))
          else draw(desk.out, versions)
          if (!desk.out.isJson)
            for (const run of runs) desk.out.line(`  ${run.id}  ${run.task}  ${run.status}`)
          return 0
        }),
      ),
    )
}

function defineChanges(command: Command, act: Act): void {
  said(command.command('open'))
    .summary('begin a line of work')
    .argument('<goal>', 'what is to come of it')
    .option('--next <action>', 'what is done first')
    .option('--waiting <whom>', 'whom or what it waits for')
    .option('--scope <scope>', 'whose it is: a path such as acme/purchasing')
    .option('--due <date>', 'when it is due')
    .action(
      act((desk, goal: string, options: Given) => {
        const { next, waiting, scope, due } = options
        return changing(
          desk,
          (tl) =>
            tl.threads.open(
              {
                goal,
                ...(next === undefined ? {} : { nextAction: next }),
                ...(waiting === undefined ? {} : { waitingOn: waiting }),
                ...(scope === undefined ? {} : { scope }),
                ...(due === undefined ? {} : { dueAt: dateOf(due, '--due') }),
              },
              byOf(options),
            ),
          false,
        )
      }),
    )
  changed(command.command('park'))
    .summary('put it down, and say why')
    .requiredOption('--because <reason>', 'why')
    .option('--next <action>', 'what is to be done when it is picked up')
    .option('--waiting <whom>', 'whom or what it waits for')
    .option('--until <date>', 'not before then')
    .action(
      act((desk, id: string, options: Given) =>
        changing(desk, (tl) => tl.threads.park(id, { because: '', ...changeOf(options) })),
      ),
    )
  changed(command.command('resume'))
    .summary('pick it up again')
    .option('--because <reason>', 'why now')
    .option('--next <action>', 'what is done next')
    .action(
      act((desk, id: string, options: Given) =>
        changing(desk, (tl) => tl.threads.resume(id, changeOf(options))),
      ),
    )
  changed(command.command('close'))
    .summary('it is done')
    .option('--because <outcome>', 'what came of it')
    .action(
      act((desk, id: string, options: Given) =>
        changing(desk, (tl) => tl.threads.close(id, changeOf(options))),
      ),
    )
}

const said = (command: Command): Command =>
  command.option('--by <who>', 'whose word it is; yours unless told')

const changed = (command: Command): Command =>
  said(command)
    .argument('<thread>', 'the thread')
    .option('--if-version <n>', 'the version that was read: refused if there is a later one')

function changeOf(options: Given) {
  const { because, next, waiting, until, ifVersion } = options
  return {
    ...(because === undefined ? {} : { because }),
    ...(next === undefined ? {} : { nextAction: next }),
    ...(waiting === undefined ? {} : { waitingOn: waiting }),
    ...(until === undefined ? {} : { until: dateOf(until, '--until') }),
    ...(ifVersion === undefined ? {} : { version: wholeNumber(ifVersion, '--if-version') }),
    ...byOf(options),
  }
}

interface ListOptions {
  readonly state?: string
  readonly scope?: string
  readonly limit?: string
  readonly cursor?: string
}

async function list({ out }: Desk, tl: Throughline, options: ListOptions): Promise<ExitCode> {
  const { state, limit, ...rest } = options
  const page = await tl.threads.list({
    ...rest,
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(state === undefined ? {} : { state: state.split(',').map((one) => one.trim()) as never[] }), // unknown ones find nothing
  })
  if (out.isJson) {
    out.json(plain(page))
    return 0
  }
  if (page.threads.length === 0) out.say('No threads here.')
  const now = Date.now()
  for (const { id, state: of, goal, dueAt, until, waitingOn } of page.threads) {
    const notes = [
      dueAt && `due ${fromNow(dueAt.getTime(), now)}`,
      until && `until ${fromNow(until.getTime(), now)}`,
      waitingOn && `waiting on ${waitingOn}`,
    ].filter(Boolean)
    out.line(
      `${id}  ${out.paint(TONES[of] ?? 'plain', of.padEnd(6))}  ${shortened(goal, 60)}  ${out.paint('dim', notes.join(', '))}`.trimEnd(),
    )
  }
  if (page.cursor !== undefined) out.say(out.tint('dim', `There are more: --cursor ${page.cursor}`))
  return 0
}

function draw(out: Output, versions: readonly RecordedThread[]): void {
  const thread = versions.at(-1)
  if (!thread) return
  const { paint } = out
  out.line(`${paint('bold', thread.id)}  ${paint(TONES[thread.state] ?? 'plain', thread.state)}`)
  out.line(`  ${thread.goal}`)
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['next', thread.nextAction],
    ['waiting on', thread.waitingOn],
    ['scope', thread.scope || undefined],
    ['due', thread.dueAt && timeText(thread.dueAt)],
    ['until', thread.until && timeText(thread.until)],
  ]
  for (const [label, text] of facts)
    if (text !== undefined) out.line(`  ${paint('dim', label.padEnd(10))} ${text}`)
  for (const { version, state, author, recordedAt, because } of versions)
    out.line(
      `  ${paint('dim', `v${version}`)}  ${timeText(recordedAt)}  ${author}  ${state}${because === undefined ? '' : `: ${because}`}`,
    )
}

/** Only a thread that is begun may begin a store: whoever changes one means one that is there. */
async function changing(
  { out, ...desk }: Desk,
  work: (tl: Throughline) => Promise<Thread>,
  mustExist = true,
): Promise<ExitCode> {
  const thread = await asClient({ out, ...desk }, work, { mustExist })
  if (out.isJson) out.json(plain(thread))
  else out.line(thread.id)
  return 0
}
