/** What a run waits for, and the command that goes on with it. */
import { isHandoff, questionOf, type RunRow, type Throughline, type Waiting } from '../app/index.ts'
import { ThroughlineError } from '../errors.ts'
import { quoted } from './command.ts'
import { exampleOf } from './example.ts'
import { answerCommands } from './inbox-lines.ts'
import { shortened } from './json.ts'
import { fromNow, timeText } from './moment.ts'
import { openChildren } from './rest.ts'

export interface Pending {
  /** `waits for the message "approve", until …`. */
  readonly what: string
  /** Commands that go on with it. */
  readonly commands: readonly string[]
  /** Whether it needs somebody, or something, outside: time alone will not do. */
  readonly isOutside: boolean
}

/** More than this many are counted. */
const MOST = 5

/** What a run, or one of its children, waits for. */
export async function pendingOf(
  tl: Throughline,
  row: RunRow,
  storeFlag: string,
  now = Date.now(),
): Promise<readonly Pending[]> {
  const all = await everyPending(tl, row, { storeFlag, now, root: row.id })
  const left = all.length - MOST
  return left <= 0
    ? all
    : [...all.slice(0, MOST), { what: `and ${left} more like these`, commands: [], isOutside: false }]
}

interface Around {
  readonly storeFlag: string
  readonly now: number
  /** The run that was asked about: going on with it goes on with its children. */
  readonly root: string
}

async function everyPending(tl: Throughline, row: RunRow, around: Around): Promise<readonly Pending[]> {
  const { now, storeFlag } = around
  if (row.endedAt) return []
  if (row.status === 'halted') {
    const what = `halted (${row.mode ?? 'unclassified'}): ${row.message ?? 'no reason on record'}`
    return [{ what, commands: [`throughline resume ${row.id}${storeFlag}`], isOutside: true }]
  }
  if (row.status === 'queued' && row.wakeAt && row.wakeAt.getTime() > now)
    return [
      {
        what: `starts ${timeText(row.wakeAt)} (${fromNow(row.wakeAt.getTime(), now)})`,
        commands: [],
        isOutside: false,
      },
    ]
  const own = await Promise.all(
    row.waiting
      .filter((one) => one.kind !== 'call')
      .map(async (one) => (await questionOn(tl, one, around)) ?? pendingOn(row, one, around)),
  )
  const calls = row.waiting.some((one) => one.kind === 'call') ? await openChildren(tl, row.id) : []
  const below = await Promise.all(
    calls.map(async (child) =>
      (await everyPending(tl, child, around)).map((one) => ({
        ...one,
        what: `its child ${child.id} (${child.task}) ${one.what}`,
      })),
    ),
  )
  return [...own, ...below.flat()]
}

/** A person's answer, if that is what it waits for. */
async function questionOn(
  tl: Throughline,
  { kind, name, due }: Waiting,
  { storeFlag, now, root }: Around,
): Promise<Pending | undefined> {
  const id = kind === 'wait' ? questionOf(name) : undefined
  if (id === undefined) return undefined
  const question = await tl.inbox.get(id).catch((error: unknown) => {
    if (error instanceof ThroughlineError && error.code === 'question_not_found') return undefined // a wait that is only named so
    throw error
  })
  if (!question) return undefined
  if (question.answer) {
    const what = `takes the answer of ${question.answer.by} to "${shortened(question.question, 200)}" when it goes on`
    return { what, commands: [`throughline resume ${root} --follow${storeFlag}`], isOutside: false }
  }
  const until = due === undefined ? '' : `, until ${timeText(due)} (${fromNow(due, now)})`
  const commands =
    question.kind === 'approval'
      ? [`throughline inbox show ${id}${storeFlag}`]
      : answerCommands(question, storeFlag)
  return {
    what: `waits for ${question.to ?? 'anybody'} to answer "${shortened(question.question, 200)}"${until}`,
    commands,
    isOutside: true,
  }
}

function pendingOn(row: RunRow, one: Waiting, { storeFlag, now, root }: Around): Pending {
  const due = one.due === undefined ? '' : `${timeText(one.due)} (${fromNow(one.due, now)})`
  const name = quoted(one.name)
  const goOn = `throughline resume ${root} --follow${storeFlag}`
  switch (one.kind) {
    case 'sleep':
      return { what: `sleeps at "${one.name}" until ${due}`, commands: [goOn], isOutside: false }
    case 'retry':
      return { what: `tries "${one.name}" again ${due}`, commands: [goOn], isOutside: false }
    case 'wait': {
      if (isHandoff(one.kind, one.name))
        return {
          what: `waits to be taken over: "${one.name}"`,
          commands: [`throughline brief ${row.id}${storeFlag}`],
          isOutside: true,
        }
      const until = due === '' ? '' : `, until ${due}`
      const payload = one.schema === undefined ? "'<json>'" : quoted(JSON.stringify(exampleOf(one.schema)))
      return {
        what: `waits for the message "${one.name}"${until}`,
        commands: [`throughline signal ${row.id} ${name} ${payload}${storeFlag}`],
        isOutside: true,
      }
    }
    case 'in_doubt': {
      const step = (one.ordinal ?? 1) === 1 ? one.name : `${one.name}#${one.ordinal}`
      const resolve = `throughline resolve ${row.id} ${quoted(step)}`
      return {
        what: `does not know whether "${step}" took place: find out, then say so`,
        commands: ["--done '<json>'", '--not-done', "--failed '<reason>'"].map(
          (outcome) => `${resolve} ${outcome}${storeFlag}`,
        ),
        isOutside: true,
      }
    }
    case 'task': {
      const source =
        row.source === undefined ? 'name a file that exports it with --file' : `${row.source} must export it`
      return {
        what: `waits for the code of task "${one.name}", which the last process to carry it did not have; ${source}`,
        commands: [goOn],
        isOutside: true,
      }
    }
    case 'call':
      return { what: `waits for its child "${one.name}"`, commands: [], isOutside: false }
  }
}
