/** `throughline doctor`: what is wrong with the machine, the store and its runs, and what to do about each. */
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileOf, open, type RunRow, type Throughline } from '../app/index.ts'
import { messageOf, ThroughlineError } from '../errors.ts'
import type { Define, Desk, ExitCode } from './command.ts'
import { database, workers } from './deployment.ts'
import { bytesText, disk, versions, wal, type Finding } from './machine.ts'
import { fromNow } from './moment.ts'
import { examineDispatch } from './restate.ts'
import { listed, UNENDED } from './rest.ts'
import { progress } from './verify.ts'

interface Options {
  readonly quick?: boolean
  readonly dispatch?: string
}

export const define: Define = (command, act) => {
  command
    .option('--quick', 'leave out reading the whole record')
    .option('--dispatch <address>', 'what hands out the runs, if not the store: restate://host:8080')
    .addHelpText(
      'after',
      `
Exits with 1 if something is wrong.

Example:
  throughline doctor
  throughline doctor --quick --store postgres://db/app --dispatch restate://restate:8080`,
    )
    .action(act(examine))
}

async function examine(desk: Desk, options: Options): Promise<ExitCode> {
  const { out } = desk
  const file = isShared(desk.store) ? undefined : resolve(fileOf(desk.store))
  const sections: (readonly [title: string, findings: readonly Finding[]])[] = [
    ['machine', [...versions(), ...(file === undefined ? [] : disk(file))]],
  ]
  if (file !== undefined && !existsSync(file))
    sections.push([
      'store',
      [
        {
          level: 'note',
          what: `there is none at ${file} yet`,
          advice: '"throughline run" creates it; or give --store.',
        },
      ],
    ])
  else sections.push(...(await examineStore(desk, file, options)))
  out.status(undefined)
  const isWrong = sections.some(([, findings]) => findings.some(({ level }) => level === 'wrong'))
  if (out.isJson)
    out.json({
      ok: !isWrong,
      findings: sections.flatMap(([area, findings]) => findings.map((one) => ({ area, ...one }))),
    })
  else print(desk, sections)
  return isWrong ? 1 : 0
}

function print(
  { out }: Desk,
  sections: readonly (readonly [title: string, findings: readonly Finding[]])[],
): void {
  const marks = { fine: out.paint('good', '✓'), note: out.paint('live', '·'), wrong: out.paint('bad', '✗') }
  for (const [title, findings] of sections) {
    for (const [i, { level, what, advice }] of findings.entries()) {
      out.line(`${out.paint('dim', (i === 0 ? title : '').padEnd(8))} ${marks[level]} ${what}`)
      for (const line of advice?.split('\n') ?? []) out.line(`           ${line}`)
    }
  }
}

/** Whether the store is no file of this machine. */
function isShared(store: string): boolean {
  return /^postgres(?:ql)?:/i.test(store)
}

async function examineStore(desk: Desk, file: string | undefined, { quick, dispatch }: Options) {
  let tl: Throughline
  try {
    tl = await open({ store: desk.store, worker: false, mustExist: true })
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error
    return [['store', [{ level: 'wrong', what: `${error.code}: ${messageOf(error)}` }]]] as const
  }
  try {
    const events = `${(await tl.log.position()).toLocaleString('en')} events`
    // Behind Restate no worker is known to the store: whether they answer is found out by asking them.
    const isCarried = dispatch !== undefined || (await tl.log.isOwned())
    const deployment = await tl.deployment()
    const about: Finding[] =
      file === undefined
        ? [
            { level: 'fine', what: `${new URL(desk.store).host}, ${events}` },
            ...(deployment ? database(deployment) : []),
          ]
        : [
            { level: 'fine', what: `${file}, ${bytesText(statSync(file).size)}, ${events}` },
            {
              level: 'fine',
              what: isCarried ? 'a living process carries its runs' : 'no process carries its runs right now',
            },
            wal(file),
          ]
    if (!quick) about.push(...(await record(desk, tl)))
    const carriers =
      dispatch === undefined
        ? deployment && (['workers', workers(deployment, Date.now())] as const)
        : (['restate', await examineDispatch(dispatch, deployment)] as const)
    return [
      ['store', about],
      ...(carriers ? [carriers] : []),
      ['runs', await runs(desk, tl, isCarried)],
    ] as const
  } finally {
    await tl.close()
  }
}

async function record(desk: Desk, tl: Throughline): Promise<readonly Finding[]> {
  const { events, breaks } = await tl.verify(undefined, progress(desk.out))
  if (breaks.length === 0)
    return [
      {
        level: 'fine',
        what: `the store is sound, and every hash of ${events.toLocaleString('en')} events fits`,
      },
    ]
  const [first] = breaks
  return [
    {
      level: 'wrong',
      what: `${breaks.length} places of the record do not fit, the first in ${first?.stream ?? ''}: ${first?.reason ?? ''}`,
      advice: `throughline verify${desk.storeFlag}   names them all`,
    },
  ]
}

async function runs(desk: Desk, tl: Throughline, isCarried: boolean): Promise<readonly Finding[]> {
  const { storeFlag } = desk
  const open = await listed(tl, UNENDED)
  const now = Date.now()
  const findings: Finding[] = []
  const add = (
    rows: readonly RunRow[],
    what: (n: number, one: RunRow) => string,
    advice: (one: RunRow) => string,
    level: Finding['level'] = 'wrong',
  ) => {
    const [one] = rows
    if (one) findings.push({ level, what: what(rows.length, one), advice: advice(one) })
  }
  const more = (n: number) => (n > 1 ? ` (and ${n - 1} more: throughline runs)` : '')
  const waitsFor = (kind: string) => open.filter((row) => row.waiting.some((one) => one.kind === kind))

  add(
    open.filter(({ status }) => status === 'halted'),
    (n, one) => `${one.id} halted (${one.mode ?? 'unclassified'}): ${one.message ?? ''}${more(n)}`,
    (one) => `throughline show ${one.id}${storeFlag}   then   throughline resume ${one.id}${storeFlag}`,
  )
  add(
    waitsFor('in_doubt'),
    (n, one) => `${one.id} does not know whether a step took place${more(n)}`,
    (one) => `throughline show ${one.id}${storeFlag}   says which, and how to settle it`,
  )
  add(
    waitsFor('task'),
    (n, one) => `${one.id} waits for the code of task "${one.task}"${more(n)}`,
    (one) =>
      `throughline resume ${one.id}${one.source === undefined ? ' --file <file that exports it>' : ''}${storeFlag}`,
  )
  add(
    open.filter(({ note }) => note === 'stalled'),
    (n, one) => `${one.id} awaits something that is not on record, for long${more(n)}`,
    () => 'Put what its body awaits into ctx.step; "throughline cancel" ends it.',
  )
  if (!isCarried) {
    add(
      open.filter(
        ({ status, note, waiting }) => status === 'running' && note === undefined && waiting.length === 0,
      ),
      (n, one) => `${one.id} was interrupted, and nothing carries it${more(n)}`,
      () => `throughline resume${storeFlag}`,
    )
    add(
      open.filter(
        ({ status, wakeAt }) =>
          status !== 'running' && status !== 'halted' && wakeAt !== undefined && wakeAt.getTime() < now,
      ),
      (n, one) =>
        `${one.id} was due ${fromNow(one.wakeAt?.getTime() ?? now, now)}, and nothing carries it${more(n)}`,
      () => `throughline resume${storeFlag}`,
    )
  }
  add(
    open.filter(({ source, parent }) => parent === undefined && source !== undefined && !existsSync(source)),
    (n, one) => `the file ${one.id} was started from is gone: ${one.source ?? ''}${more(n)}`,
    (one) => `throughline resume ${one.id} --file <where it is now>${storeFlag}`,
    'note',
  )
  const waiting = open.filter(({ status }) => status === 'waiting').length
  findings.push({
    level: 'fine',
    what: open.length === 0 ? 'none under way' : `${open.length} under way, ${waiting} of them waiting`,
  })
  return findings
}
