/**
 * When a run has come to rest: it ended, halted, or waits for something that will not come by itself soon.
 *
 * R1. A run that waits for a child rests when the child does.
 * R2. What is due within a few seconds is worth waiting for; what is later is not.
 */
import type { RunRow, RunStatus, Throughline } from '../app/index.ts'

export const SOON_MS = 5000

/** How a run stands: at work, ended or halted, or waiting for something outside. */
export type Standing = 'at work' | 'over' | 'parked'

export async function standingOf(tl: Throughline, row: RunRow, now: number): Promise<Standing> {
  if (row.endedAt) return 'over'
  const isWoken = row.wakeAt !== undefined && row.wakeAt.getTime() <= now + SOON_MS
  if (row.status === 'halted') return isWoken ? 'at work' : 'over'
  if (isWoken || row.status === 'running') return 'at work'
  if (row.status === 'queued') return row.wakeAt === undefined ? 'at work' : 'parked'
  if (!row.waiting.some((one) => one.kind === 'call')) return 'parked'
  const children = await openChildren(tl, row.id)
  const standings = await Promise.all(children.map((child) => standingOf(tl, child, now)))
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

/** Resolves once all these runs are over, or (unless `isPatient`) parked; also when `signal` aborts. */
export async function untilRest(
  tl: Throughline,
  runIds: readonly string[],
  options: { readonly isPatient: boolean; readonly signal: AbortSignal; readonly onLook?: () => void },
): Promise<void> {
  const left = new Set(runIds)
  let heard = Promise.withResolvers<void>()
  const stop = tl.log.onCommit(() => heard.resolve())
  const abort = () => heard.resolve()
  options.signal.addEventListener('abort', abort)
  try {
    while (!options.signal.aborted) {
      heard = Promise.withResolvers<void>()
      for (const id of left) {
        const standing = await standingOf(tl, await (await tl.run(id)).info(), Date.now())
        if (standing === 'over' || (standing === 'parked' && !options.isPatient)) left.delete(id)
      }
      options.onLook?.()
      if (left.size === 0) return
      if (!options.signal.aborted) await heard.promise
      // A busy store commits thousands of times a second: it is looked at no more often than people can see.
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  } finally {
    stop()
    options.signal.removeEventListener('abort', abort)
  }
}
