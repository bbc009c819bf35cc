/**
 * When a run has come to rest: it ended, halted, or waits for something that will not come by itself soon.
 *
 * R1. A run that waits for a child rests when the child does.
 * R2. What is due within a few seconds is worth waiting for; what is later is not.
 */
import type { AnyTask, RunRow, RunStatus, Throughline } from '../app/index.ts'

export const SOON_MS = 5000

/** How a run stands: at work, ended or halted, or waiting for something outside. */
export type Standing = 'at work' | 'over' | 'parked'

/** Whether this process has the code of a run. */
export type HasCode = (row: RunRow) => boolean

export const codeIn =
  (tasks: readonly AnyTask[]): HasCode =>
  ({ task, version }) =>
    tasks.some((one) => one.name === task && (one.version === version || one.resumes.includes(version)))

export async function standingOf(
  tl: Throughline,
  row: RunRow,
  now: number,
  hasCode: HasCode = () => false,
): Promise<Standing> {
  if (row.endedAt) return 'over'
  const isWoken = row.wakeAt !== undefined && row.wakeAt.getTime() <= now + SOON_MS
  if (row.status === 'halted') return isWoken ? 'at work' : 'over'
  if (isWoken || row.status === 'running') return 'at work'
  if (row.status === 'queued') return row.wakeAt === undefined ? 'at work' : 'parked'
  if (row.waiting.some((one) => one.kind === 'task'))
    return tl.isCarrying && hasCode(row) ? 'at work' : 'parked'
  if (!row.waiting.some((one) => one.kind === 'call')) return 'parked'
  const children = await openChildren(tl, row.id)
  const standings = await Promise.all(children.map((child) => standingOf(tl, child, now, hasCode)))
  // Where no child is open, the word of its end is on its way.
  return standings.length === 0 || standings.includes('at work') ? 'at work' : 'parked'
}

/** Every run of these states, newest first. */
export async function listed(
  tl: Throughline,
  status: readonly RunStatus[],
  of: { readonly parent?: string } = {},
): Promise<readonly RunRow[]> {
  const rows: RunRow[] = []
  let cursor: string | undefined
  do {
    const page = await tl.runs.list({
      ...of,
      status,
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    rows.push(...page.runs)
    cursor = page.cursor
  } while (cursor !== undefined)
  return rows
}

/** What has not ended. */
export const UNENDED: readonly RunStatus[] = ['queued', 'running', 'waiting', 'halted']

/** The children of a run that have not ended. */
export const openChildren = (tl: Throughline, parent: string): Promise<readonly RunRow[]> =>
  listed(tl, UNENDED, { parent })

/** A run that was asked to go on is given this long to be taken over before it counts as resting. */
const TAKE_OVER_MS = 3000
/** A busy store commits thousands of times a second: it is looked at no more often than people can see. */
const BETWEEN_LOOKS_MS = 5

export interface RestOptions {
  /** Parked is no rest. */
  readonly isPatient: boolean
  readonly signal: AbortSignal
  readonly hasCode?: HasCode
  /** Runs that were asked to go on, as they stood before: they rest only after something happened to them. */
  readonly before?: readonly RunRow[]
  readonly onLook?: () => void
}

/** Resolves once all these runs are over, or (unless `isPatient`) parked; also when `signal` aborts. */
export async function untilRest(
  tl: Throughline,
  runIds: readonly string[],
  options: RestOptions,
): Promise<void> {
  const { isPatient, signal, hasCode, before = [], onLook } = options
  const left = new Set(runIds)
  const stood = new Map(before.map((row) => [row.id, row.updatedAt.getTime()]))
  const began = Date.now()
  let heard = Promise.withResolvers<void>()
  const stop = tl.log.onCommit(() => heard.resolve())
  const abort = () => heard.resolve()
  signal.addEventListener('abort', abort)
  try {
    while (!signal.aborted) {
      heard = Promise.withResolvers<void>()
      const isEarly = tl.isCarrying && Date.now() - began < TAKE_OVER_MS
      for (const id of left) {
        const row = await (await tl.run(id)).info()
        if (isEarly && !row.endedAt && row.updatedAt.getTime() === stood.get(id)) continue
        const standing = await standingOf(tl, row, Date.now(), hasCode)
        if (standing === 'over' || (standing === 'parked' && !isPatient)) left.delete(id)
      }
      onLook?.()
      if (left.size === 0) return
      if (isEarly && stood.size > 0) setTimeout(heard.resolve, TAKE_OVER_MS / 10)
      if (!signal.aborted) await heard.promise
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS))
    }
  } finally {
    stop()
    signal.removeEventListener('abort', abort)
  }
}
