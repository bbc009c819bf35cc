/** The events of a run folded into its operations: what each did, how long it took, what is left of it. */
import { answerIn, events, putIn, questionOf, read, type StoredEvent } from '../app/index.ts'
import { messageOf } from '../errors.ts'
import { titleOfCall, toldOf } from './calls.ts'
import { answerText } from './inbox-lines.ts'

export type State = 'done' | 'failed' | 'waiting' | 'retrying' | 'doubt' | 'begun' | 'released'

export interface Operation {
  /** `step`, `sleep`, `wait`, `call`, `spawn`, `race`, `model`, `tool`. */
  readonly kind: string
  /** With the path of its branch: `inspect › zod › read`. */
  readonly name: string
  readonly ordinal: number
  state: State
  startedAt: number
  endedAt?: number
  attempts: number
  /** What went wrong last. */
  error?: string
  due?: number
  child?: string
  childStatus?: string
  winner?: string
  /** Of a wait for a person's answer: the question, and what was answered. */
  question?: string
  answer?: string
  /** What a call came to: tokens, price. */
  note?: string
  /** Messages an open wait refused. */
  refused: number
}

const OPERATIONS: readonly string[] = ['step', 'sleep', 'wait', 'call', 'spawn', 'race', 'model', 'tool']

/** How long it took, or has been under way. */
export function lengthOf(operation: Operation, now: number): number {
  return Math.max(0, (operation.endedAt ?? now) - operation.startedAt)
}

/** In the order they first appear on record. `isOver`: what has no outcome will never have one. */
export function operationsOf(recorded: readonly StoredEvent[], isOver: boolean): readonly Operation[] {
  const operations = new Map<string, Operation>()
  const questions = new Map<string, StoredEvent>()
  for (const event of recorded) {
    const put = putIn(event)
    if (put) questions.set(put.question, event)
    const kind = event.kind.slice(0, event.kind.indexOf('.'))
    if (event.name === undefined || !OPERATIONS.includes(kind)) continue
    const key = `${event.name}#${event.ordinal ?? 1}`
    let operation = operations.get(key)
    if (!operation) {
      const question = questionOf(event.name)
      const named = (question === undefined ? undefined : questions.get(question)) ?? event
      operation = {
        kind,
        name: named.name ?? event.name,
        ordinal: named.ordinal ?? 1,
        ...(question === undefined ? {} : { question }),
        state: 'begun',
        startedAt: event.at,
        attempts: 1,
        refused: 0,
      }
      operations.set(key, operation)
    }
    apply(operation, event)
  }
  if (isOver)
    for (const operation of operations.values())
      if (operation.endedAt === undefined) operation.state = 'released'
  return [...operations.values()]
}

function end(operation: Operation, state: State, at: number, e?: unknown): void {
  operation.state = state
  operation.endedAt = at
  if (e !== undefined) operation.error = messageOf(e)
}

function applyCall(operation: Operation, event: StoredEvent): boolean {
  const told = toldOf(event)
  if (!told) return false
  const { state, isOver, ms, ...rest } = told
  Object.assign(operation, rest, { state })
  if (state === 'done') delete operation.error
  if (!isOver) return true
  if (ms !== undefined && operation.startedAt === event.at) operation.startedAt = event.at - ms
  operation.endedAt = event.at
  return true
}

function apply(operation: Operation, event: StoredEvent): void {
  if (applyCall(operation, event)) return
  switch (event.kind) {
    case 'step.completed': {
      const { n, ms } = read(events.stepCompleted, event)
      // Where nothing was recorded before, the start is what its length says.
      if (operation.startedAt === event.at) operation.startedAt = event.at - (ms ?? 0)
      operation.attempts = n ?? operation.attempts
      delete operation.error
      return end(operation, 'done', event.at)
    }
    case 'step.failed': {
      const { e, n } = read(events.stepFailed, event)
      operation.attempts = n
      return end(operation, 'failed', event.at, e)
    }
    case 'step.attempted': {
      const { e, n, retryAt } = read(events.stepAttempted, event)
      Object.assign(operation, { state: 'retrying', attempts: n, error: messageOf(e), due: retryAt })
      return
    }
    case 'step.intended':
      operation.state = 'begun'
      return
    case 'step.in_doubt':
      Object.assign(operation, { state: 'doubt', error: read(events.stepDoubted, event).because })
      return
    case 'step.cleared':
      Object.assign(operation, { state: 'retrying', attempts: read(events.stepCleared, event).n })
      return
    case 'sleep.started':
      Object.assign(operation, { state: 'waiting', due: read(events.sleepStarted, event).due })
      return
    case 'wait.opened': {
      const { due } = read(events.waitOpened, event)
      Object.assign(operation, { state: 'waiting', ...(due === undefined ? {} : { due }) })
      return
    }
    case 'wait.refused':
      operation.refused++
      return
    case 'wait.returned':
      operation.state = 'waiting'
      delete operation.endedAt
      return
    case 'sleep.fired':
      return end(operation, 'done', event.at)
    case 'wait.answered': {
      const answer = answerIn(event)
      if (answer) operation.answer = answerText(answer)
      return end(operation, 'done', event.at)
    }
    case 'wait.timed_out':
      return end(operation, 'failed', event.at, 'nobody answered in time')
    case 'call.started':
      Object.assign(operation, { state: 'waiting', child: read(events.callStarted, event).run })
      return
    case 'call.ended': {
      const { status, e } = read(events.callEnded, event)
      operation.childStatus = status
      return end(operation, status === 'done' ? 'done' : 'failed', event.at, e)
    }
    case 'spawn.started':
      operation.child = read(events.spawnStarted, event).run
      return end(operation, 'done', event.at)
    case 'race.settled': {
      operation.winner = read(events.raceSettled, event).winner
      return end(operation, 'done', event.at)
    }
  }
}

/** As `nameOf` an event. */
export function labelOf(operation: Operation): string {
  const last = operation.name.split(' › ').at(-1) ?? operation.name
  if (operation.kind === 'model' || operation.kind === 'tool') return titleOfCall(operation.kind, last)
  return `${last}${operation.ordinal > 1 ? `#${operation.ordinal}` : ''}`
}
