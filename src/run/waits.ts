/** Sleeping and waiting: a due time is recorded when first asked for and never recomputed; a message is never lost. */
import { eventOf, type StoredEvent } from '../log/index.ts'
import { durationMs, jsonSchemaOf, type Duration, type WaitOptions, type Schema } from '../task/index.ts'
import { BadOperation } from './errors.ts'
import { sleepFired, sleepStarted, waitAnswered, waitOpened, waitReturned, waitTimedOut } from './events.ts'
import type { Generation } from './generation.ts'
import { read } from './history.ts'
import type { Operation } from './operation.ts'
import type { Branch } from './place.ts'

export function performSleep(generation: Generation, operation: Operation, until: Duration | Date): void {
  if (operation.recorded?.outcome) return
  if (!generation.mayBegin(operation)) return
  const started = operation.recorded?.events.find((event) => event.kind === sleepStarted.name)
  if (started) return asleep(generation, operation, read(sleepStarted, started).due)
  const due =
    until instanceof Date ? until.getTime() : generation.surroundings.clock.now() + durationMs(until)
  generation.effect(async () => {
    await generation.record([eventOf(sleepStarted, { due }, generation.ref(operation))])
    asleep(generation, operation, due)
  })
}

/** Checked before anything is recorded. @throws {BadOperation} */
export function checkDate(name: string, until: Duration | Date): void {
  if (until instanceof Date && Number.isNaN(until.getTime()))
    throw new BadOperation(
      `ctx.sleep("${name}") was given a date that is none; give milliseconds, text such as "2h", or a Date.`,
      { name },
    )
  if (!(until instanceof Date)) durationMs(until)
}

function asleep(generation: Generation, operation: Operation, due: number): void {
  operation.waiting = { kind: 'sleep', name: operation.path, due }
  operation.fire = () => eventOf(sleepFired, undefined, generation.ref(operation))
  generation.delivery.poke()
}

/** An open wait of that name in the branch, which another asking joins. */
export function openWait(generation: Generation, branch: Branch, name: string): Operation | undefined {
  for (const operation of generation.pending) {
    if (
      operation.kind === 'wait' &&
      operation.branch === branch &&
      operation.path === `${branch.prefix}${name}`
    )
      return operation
  }
  return undefined
}

export function performWait(
  generation: Generation,
  operation: Operation,
  name: string,
  options: WaitOptions<Schema | undefined>,
): void {
  operation.schema = options.schema
  if (operation.recorded?.outcome) return
  if (!generation.mayBegin(operation)) return
  const opened = operation.recorded?.events.find((event) => event.kind === waitOpened.name)
  if (opened) return wait(generation, operation, name, read(waitOpened, opened))
  const schema = jsonSchemaOf(options.schema)
  const due =
    options.timeout === undefined
      ? undefined
      : generation.surroundings.clock.now() + durationMs(options.timeout)
  const body = { ...(schema ? { schema } : {}), ...(due === undefined ? {} : { due }) }
  generation.effect(async () => {
    await generation.record([eventOf(waitOpened, body, generation.ref(operation))])
    wait(generation, operation, name, body)
  })
}

function wait(
  generation: Generation,
  operation: Operation,
  name: string,
  opened: { readonly schema?: object; readonly due?: number },
): void {
  operation.waiting = { kind: 'wait', name, ...opened }
  if (opened.due !== undefined)
    operation.fire = () => eventOf(waitTimedOut, undefined, generation.ref(operation))
  generation.delivery.poke()
}

/** The message that an answered but released wait took must not be swallowed with it. */
export function comeTooLate(
  generation: Generation,
  operation: Operation,
  event: Pick<StoredEvent, 'kind' | 'version' | 'body'>,
): void {
  if (event.kind !== waitAnswered.name) return
  const { message } = read(waitAnswered, event)
  generation.effect(async () => {
    await generation.record([eventOf(waitReturned, { message }, generation.ref(operation))])
    await generation.mailbox.returned(message, generation.patiently)
  })
}
