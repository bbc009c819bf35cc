/**
 * How a run stands by its row, and what that asks of whoever was called for it.
 *
 * N1. A call is only a hint that there may be something to do; the row says what. Called in vain, nothing is read or taken over.
 * N2. A run that rests in good order is known by the note its last carrier left at Restate. One without that note was carried by
 *     somebody who went before it was out of memory: its body may have been in a plain await, which no record shows.
 */
import type { Row } from '../../log/index.ts'

export interface Standing {
  readonly run: string
  readonly task: string
  readonly version: string
  readonly status: string
  readonly waitingFor: string | undefined
  readonly wakeAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
  readonly isEnded: boolean
}

/** What a carrier leaves for the next call. */
export interface Note {
  /** The run came to rest at this time, and was put out of memory. */
  readonly at: number
  /** When Restate calls for it. */
  readonly armed?: number
}

export const COLUMNS = [
  'run',
  'task',
  'version',
  'status',
  'waiting_for',
  'wake_at',
  'created_at',
  'updated_at',
  'ended_at',
] as const

export function standingOf(row: Row): Standing {
  const { wake_at: wakeAt, waiting_for: waitingFor } = row
  return {
    run: String(row['run']),
    task: String(row['task']),
    version: String(row['version']),
    status: String(row['status']),
    waitingFor: typeof waitingFor === 'string' ? waitingFor : undefined,
    wakeAt: typeof wakeAt === 'number' ? wakeAt : undefined,
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    isEnded: row['ended_at'] !== null,
  }
}

export function isDue({ wakeAt }: Standing, now: number): boolean {
  return wakeAt !== undefined && wakeAt <= now
}

/** Whether there is something to do; `maybe`: unless its last carrier left it in good order (N2). */
export function asksForWork(standing: Standing, now: number): boolean | 'maybe' {
  const { isEnded, status, waitingFor } = standing
  if (isEnded) return false
  if (status === 'running' || isDue(standing, now)) return true
  if (status !== 'waiting') return false
  return waitingFor === 'task' ? true : 'maybe'
}

/** Nobody has carried it yet, so nobody can have left a note. */
export function isNew({ status, wakeAt, createdAt }: Standing): boolean {
  return status === 'queued' && wakeAt === createdAt
}

/** When Restate has to call for it next, given what it has been told before; undefined: it need not be told. */
export function nextCall(standing: Standing, note: Note | undefined, now: number): number | undefined {
  const { wakeAt } = standing
  if (standing.isEnded || wakeAt === undefined || wakeAt <= now) return undefined
  const armed = note?.armed
  // What has been asked for comes no later: then it is looked at anew.
  return armed !== undefined && armed > now && armed <= wakeAt ? undefined : wakeAt
}
