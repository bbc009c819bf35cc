/**
 * A rung, on the record before it is taken.
 *
 * T1. Each is an operation of its own: it is recorded once, with what was met and passed over on the way to it, and a replay is told the same.
 * T2. What is on record is done again as it was. What comes after it, the code as it is now decides.
 */
import { eventOf, type NewEvent } from '../log/index.ts'
import { read, type Hands } from '../run/index.ts'
import { recoveryMet, recoveryOver, recoveryRung, recoverySkipped, type RungTaken } from './events.ts'
import type { Failure } from './modes.ts'
import type { Move } from './walk.ts'

const MOST_NAME = 180

/** The name under which the walks of an operation are on the record. */
export function walkName(operation: string): string {
  const name = operation
    .slice(0, MOST_NAME)
    .toWellFormed()
    .replace(/[\p{Cc}›]+/gu, ' ')
  return `recovery of ${name}`
}

export interface Taking {
  readonly operation: string
  readonly failure: Failure
  readonly move: Omit<Move, 'rung' | 'attempt'>
  readonly rung: string
  readonly to?: string | undefined
  readonly pauseMs?: number | undefined
  readonly number: number
  /** Failures of this walk so far; whether this one is among them. */
  readonly failures: readonly string[]
  readonly isMet: boolean
  readonly isHandled: boolean
}

/** Records a rung; what is on the record of it, which may be older than the code. */
export async function take(hands: Hands, taking: Taking): Promise<RungTaken> {
  const { operation, failure, move, rung, to, pauseMs, number, failures } = taking
  const { mode, evidence } = failure
  const taken = await hands.perform({
    kind: 'recovery',
    name: walkName(operation),
    begin(work) {
      if (!work.mayBegin()) return
      const told: NewEvent[] = []
      const id = `${work.path}#${work.ref.ordinal}`
      if (!taking.isMet)
        told.push(
          eventOf(
            recoveryMet,
            { failure: id, task: hands.run.task, mode, operation, evidence, isHandled: taking.isHandled },
            work.ref,
          ),
        )
      for (const skipped of move.skipped)
        told.push(eventOf(recoverySkipped, { mode, operation, ...skipped }, work.ref))
      const body: RungTaken = {
        mode,
        operation,
        rung,
        number,
        because: move.because,
        failures: taking.isMet ? failures : [...failures, id],
        ...(to === undefined ? {} : { to }),
        ...(pauseMs === undefined ? {} : { pauseMs }),
        ...(rung === 'halt' ? { resumed: hands.resumed() } : {}),
      }
      work.effect(() => work.settle([...told, eventOf(recoveryRung, body, work.ref)]))
    },
    meaning: (event) => ({ value: read(recoveryRung, event) }),
  })
  return taken as RungTaken // what `meaning` gives
}

/** Records that the walk came out. */
export async function over(
  hands: Hands,
  operation: string,
  by: string,
  failures: readonly string[],
): Promise<void> {
  await hands.perform({
    kind: 'recovery',
    name: walkName(operation),
    begin(work) {
      if (!work.mayBegin()) return
      work.effect(() => work.settle([eventOf(recoveryOver, { operation, by, failures }, work.ref)]))
    },
    meaning: () => ({ value: undefined }),
  })
}
