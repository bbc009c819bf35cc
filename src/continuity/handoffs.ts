/**
 * Runs that wait to be taken over, and whoever takes one.
 *
 * H1. A handoff is taken by acknowledging a brief of its run: by whom it is for, or by somebody who says that they take it over.
 * H2. It is taken once, in one commit with the acknowledgement and the message the run waits for.
 */
import { eventOf, type Append, type Change, type Log, type NewEvent } from '../log/index.ts'
import { events, type Waiting } from '../run/index.ts'
import { HandoffTaken } from './errors.ts'
import { handoffTaken } from './events.ts'

/** A run that waits to be taken over. */
export interface Handoff {
  readonly id: string
  readonly run: string
  /** For whom: the name that acknowledges. */
  readonly to: string
  readonly reason: string
  readonly note: string | undefined
  readonly offeredAt: Date
}

interface Taker {
  readonly by: string
  readonly brief: string
  readonly digest: string
  readonly takeOver: boolean | undefined
}

export interface Taking {
  readonly events: readonly NewEvent[]
  readonly appends: readonly Append[]
  readonly unless: Change['unless']
}

const MOST = 1000

/** The name of the message that a run waits for. */
export const waitFor = (to: string): string => `handoff to ${to}`
export const isHandoff = (kind: string, name: string): boolean =>
  kind === 'wait' && (name.split(' › ').at(-1) ?? '').startsWith(waitFor(''))

/** What waits, the oldest first; for one name, or of these runs, if that is given. */
export async function openHandoffs(
  log: Log,
  { to, of }: { readonly to?: string | undefined; readonly of?: readonly string[] } = {},
): Promise<readonly Handoff[]> {
  const where = {
    over_at: null,
    ...(to === undefined ? {} : { for: to }),
    ...(of === undefined ? {} : { run: { in: of } }),
  }
  const rows = await log.select('handoffs', { where, order: ['position'], limit: MOST })
  const ended = await endedAmong(
    log,
    rows.map((row) => String(row['run'])),
  )
  return rows
    .filter((row) => !ended.has(String(row['run'])))
    .map((row) => ({
      id: String(row['handoff']),
      run: String(row['run']),
      to: String(row['for']),
      reason: String(row['reason']),
      note: typeof row['note'] === 'string' ? row['note'] : undefined,
      offeredAt: new Date(Number(row['offered_at'])),
    }))
}

/** A run may end in another way while it waits: it is cancelled. */
async function endedAmong(log: Log, runs: readonly string[]): Promise<ReadonlySet<string>> {
  if (runs.length === 0) return new Set()
  const where = { run: { in: [...new Set(runs)] }, ended_at: { not: null } }
  return new Set((await log.select('runs', { where, columns: ['run'] })).map((row) => String(row['run'])))
}

/** What this reader's acknowledgement takes over; undefined where there is nothing to. @throws {HandoffTaken} */
export async function takingOf(log: Log, run: string, taker: Taker): Promise<Taking | undefined> {
  const { by, brief, digest, takeOver } = taker
  const waiting = await offeredBy(log, run)
  const open = waiting.find(({ to }) => to === by) ?? (takeOver ? waiting[0] : undefined)
  if (!open) {
    if (takeOver) throw new HandoffTaken(run, await lastTaker(log, run, by))
    return undefined
  }
  const { id, wait, isRecorded } = open
  const message = { kind: 'signal' as const, id, name: wait, payload: { by, brief } }
  const taken = eventOf(handoffTaken, { handoff: id, by, brief, digest }, undefined, by)
  return {
    events: isRecorded ? [taken] : [],
    appends: [
      { stream: events.inboxOf(run), expected: 'any', events: [eventOf(events.messageSent, message)] },
    ],
    unless: [{ table: 'runs', where: { run, ended_at: { not: null } } }],
  }
}

interface Offered {
  readonly id: string
  readonly to: string
  readonly wait: string
  readonly isRecorded: boolean
}

/** A fork waits for what its original offered: that it does is in its row only. */
async function offeredBy(log: Log, run: string): Promise<readonly Offered[]> {
  const [row] = await log.select('runs', { where: { run }, columns: ['ended_at', 'waiting'] })
  if (!row || row['ended_at'] !== null) return []
  const rows = await log.select('handoffs', { where: { run }, order: ['position'] })
  const open = rows.filter((one) => one['over_at'] === null)
  const recorded = open.map((one) => ({
    id: String(one['handoff']),
    to: String(one['for']),
    wait: String(one['wait']),
    isRecorded: true,
  }))
  const known = new Set(rows.map((one) => String(one['wait']))) // taken ones, too: its row may not show it yet
  const waits = typeof row['waiting'] === 'string' ? (JSON.parse(row['waiting']) as Waiting[]) : [] // the runs projection's
  return [
    ...recorded,
    ...waits
      .filter(({ kind, name }) => isHandoff(kind, name))
      .map(({ name }) => name.split(' › ').at(-1) ?? name)
      .filter((name) => !known.has(name))
      .map((name) => ({
        id: `${run} ${name}`,
        to: name.slice(waitFor('').length),
        wait: name,
        isRecorded: false,
      })),
  ]
}

async function lastTaker(log: Log, run: string, by: string): Promise<string | undefined> {
  const where = { run, taken_by: { not: null } }
  const [row] = await log.select('handoffs', { where, order: [{ desc: 'position' }], limit: 1 })
  const taker = row?.['taken_by']
  return typeof taker === 'string' && taker !== by ? taker : undefined
}
