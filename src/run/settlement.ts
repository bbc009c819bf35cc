/**
 * What has come due for a run at rest: messages and timers, in the order of the store's time.
 *
 * T1. Within a race one thing is settled at a time, and the body has its turn between: a race that is decided releases its
 *     losers before they can take anything.
 * T2. Messages go to waits of their name, first in first out on both sides; what nobody waits for stays.
 */
import { messageOf } from '../errors.ts'
import { eventOf, type NewEvent, type StoredEvent } from '../log/index.ts'
import { validate } from '../task/index.ts'
import {
  callEnded,
  runDone,
  runFailed,
  runCancelled,
  runHalted,
  stepCleared,
  stepResolved,
  waitAnswered,
  waitRefused,
} from './events.ts'
import type { Generation } from './generation.ts'
import { read } from './history.ts'
import type { Message } from './mailbox.ts'
import type { Operation } from './operation.ts'

interface Due {
  readonly at: number
  readonly operation: Operation
  /** The event that settles it, or what to do without one. */
  readonly settle: () => Promise<Settlement>
}

type Settlement = {
  readonly events: readonly NewEvent[]
  readonly isOutcome: boolean
  /** Once it is recorded; `seq` is of the last of its events. */
  readonly next?: ((seq: number) => void) | undefined
}

/** The next thing to settle, if anything is due. */
export function settleNext(generation: Generation): (() => Promise<void>) | undefined {
  if (generation.mailbox.messages.length === 0 && !hasTimers(generation)) return undefined // by far the most frequent answer
  const cancel = generation.mailbox.messages.find((message) => message.kind === 'cancel')
  if (cancel && !generation.ending.isCancelled) {
    generation.mailbox.take(cancel)
    return () => generation.ending.cancel(cancel.reason, cancel.id)
  }
  const due = earliestOfEach([...messagesDue(generation), ...timersDue(generation)])
  const [first] = due
  if (!first) return undefined
  const firstRaced = due.findIndex((one) => one.operation.branch.isRaced)
  const together = firstRaced < 0 ? due : due.slice(0, Math.max(1, firstRaced))
  return () => settleTogether(generation, together)
}

/** In the order of their times, one for each operation: of an answer and a time-out, the later never happened. */
function earliestOfEach(due: readonly Due[]): Due[] {
  const seen = new Set<Operation>()
  return due
    .toSorted((a, b) => a.at - b.at)
    .filter(({ operation }) => !seen.has(operation) && seen.add(operation))
}

async function settleTogether(generation: Generation, due: readonly Due[]): Promise<void> {
  const settlements = await Promise.all(due.map((one) => one.settle()))
  const events = settlements.flatMap((settlement) => settlement.events)
  const concluded = due.filter((_, i) => settlements[i]?.isOutcome).map(({ operation }) => operation)
  const committed = events.length > 0 ? await generation.recordOutcomes(concluded, events) : undefined
  let seq = committed?.firstSeq[0] ?? 0
  for (const [i, { events: own, isOutcome, next }] of settlements.entries()) {
    seq += own.length
    const operation = due[i]?.operation
    if (isOutcome && operation && committed)
      generation.deliverCommitted(operation, own.at(-1), seq - 1, committed.at)
    next?.(seq - 1)
  }
}

function hasTimers(generation: Generation): boolean {
  for (const { fire } of generation.pending) if (fire) return true
  return false
}

function timersDue(generation: Generation): Due[] {
  const now = generation.surroundings.clock.now()
  const due: Due[] = []
  for (const operation of generation.pending) {
    const { waiting, fire } = operation
    if (!fire || waiting?.due === undefined || waiting.due > now) continue
    due.push({
      at: waiting.due,
      operation,
      settle: () => {
        operation.waiting = undefined
        operation.fire = undefined
        const fired = fire()
        return Promise.resolve(
          typeof fired === 'function'
            ? { events: [], isOutcome: false, next: fired }
            : { events: [fired], isOutcome: true },
        )
      },
    })
  }
  return due
}

function messagesDue(generation: Generation): Due[] {
  const { chapter } = generation.history.started
  const matched = new Set<Operation>()
  const due: Due[] = []
  for (const message of generation.mailbox.messages) {
    const operation = [...generation.pending].find(
      (candidate) => !matched.has(candidate) && answers(message, candidate, chapter),
    )
    if (!operation) continue
    matched.add(operation)
    due.push({ at: message.at, operation, settle: () => taken(generation, operation, message) })
  }
  return due
}

function answers(message: Message, operation: Operation, chapter: number): boolean {
  switch (message.kind) {
    case 'signal':
      return (
        operation.waiting?.kind === 'wait' &&
        (operation.waiting.name === message.name || operation.path === message.name)
      )
    case 'child':
      return operation.waiting?.kind === 'call' && operation.child === message.run
    case 'resolve':
      return (
        operation.settleDoubt !== undefined &&
        (operation.path === message.step || operation.key === message.step) &&
        operation.waiting?.attempt === message.attempt &&
        (message.chapter ?? chapter) === chapter
      )
    default:
      return false
  }
}

async function taken(generation: Generation, operation: Operation, message: Message): Promise<Settlement> {
  generation.mailbox.take(message)
  if (message.kind === 'signal') return answered(generation, operation, message.id, message.payload)
  if (message.kind === 'child') return childEnded(generation, operation, message)
  if (message.kind !== 'resolve') return { events: [], isOutcome: false }
  const doubted = operation.settleDoubt?.(message.outcome)
  operation.settleDoubt = undefined
  operation.waiting = undefined
  const ref = generation.ref(operation)
  if (!doubted) return { events: [], isOutcome: false }
  if ('outcome' in doubted)
    return {
      events: [eventOf(stepResolved, { message: message.id }, ref), doubted.outcome],
      isOutcome: true,
      next: doubted.recorded,
    }
  return {
    events: [eventOf(stepCleared, { by: 'person', n: doubted.attempts, message: message.id }, ref)],
    isOutcome: false,
    next: doubted.again,
  }
}

async function answered(
  generation: Generation,
  operation: Operation,
  message: string,
  payload: unknown,
): Promise<Settlement> {
  const ref = generation.ref(operation)
  try {
    const value = await validate(operation.schema, payload, 'invalid_payload', `The message "${message}"`)
    operation.waiting = undefined
    return { events: [eventOf(waitAnswered, { message, v: value }, ref)], isOutcome: true }
  } catch (error) {
    // A schema that throws refuses: a check that crashes is a failed check.
    return { events: [eventOf(waitRefused, { message, issues: messageOf(error) }, ref)], isOutcome: false }
  }
}

/** What became of a child is read from its own record: the message only says that it ended. */
async function childEnded(
  generation: Generation,
  operation: Operation,
  message: Message & { readonly kind: 'child' },
): Promise<Settlement> {
  const last = await lastOf(generation, message.run)
  const end = last ? endOf(last) : { status: 'failed', mode: 'run_not_found', e: 'its record is gone' }
  if (!end) {
    // Lifted from a halt since it said so: it will say so again.
    generation.surroundings.attach(message.run, generation.runId)
    return { events: [], isOutcome: false }
  }
  operation.waiting = undefined
  return {
    events: [eventOf(callEnded, { message: message.id, ...end }, generation.ref(operation))],
    isOutcome: true,
  }
}

/** The last event of a run, if its record is there. */
async function lastOf(
  { surroundings, patiently }: Generation,
  run: string,
): Promise<StoredEvent | undefined> {
  const { log } = surroundings
  const [row] = await patiently(() => log.select('runs', { where: { run }, columns: ['stream'] }))
  const stream = String(row?.['stream'] ?? run)
  const head = await patiently(() => log.head(stream))
  return patiently(async () => {
    for await (const page of log.read(stream, head?.seq ?? 1)) return page.at(-1)
    return undefined
  })
}

/** What an event says of how its run ended. */
function endOf(event: StoredEvent) {
  switch (event.kind) {
    case runDone.name:
      return { status: 'done', v: read(runDone, event).v }
    case runFailed.name: {
      const { mode, e } = read(runFailed, event)
      return { status: 'failed', mode, e }
    }
    case runCancelled.name:
      return { status: 'cancelled', mode: 'cancelled', e: read(runCancelled, event).reason }
    case runHalted.name: {
      const { mode, e } = read(runHalted, event)
      return { status: 'halted', mode, e }
    }
    default:
      return undefined
  }
}
