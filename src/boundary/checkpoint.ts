/**
 * `ctx.checkpoint`, and the output of a task, which is one: what a value has to be before the next stage begins.
 *
 * K1. In this order: its schema, completeness, conservation, the author's checks, the task's invariants, confidence, rules of live
 *     decisions. The first that fails is the outcome, and nothing passes.
 * K2. Checks fail closed: what throws has failed.
 */
import { messageOf, type ThroughlineError } from '../errors.ts'
import type { Feature, Hands } from '../run/index.ts'
import { bind, DecisionConflict, type Against } from '../memory/index.ts'
import { recover, type Tried } from '../recovery/index.ts'
import { validate, type CheckpointOptions, type Ladder } from '../task/index.ts'
import { droppedFrom } from './completeness.ts'
import { lacking } from './confidence.ts'
import { lossesOf, type Losses } from './conservation.ts'
import { CheckFailed, PartialLoss } from './errors.ts'
import { holdInvariants } from './invariants.ts'
import { boundaryOf, note } from './limits.ts'

interface Passed {
  readonly value: unknown
  /** Decisions that were gone against with a reason, and those that only warn. */
  readonly against?: readonly { readonly item: string; readonly version: number; readonly because?: string }[]
  /** Nobody was sure enough of what was given. */
  readonly abstained?: { readonly confidence: unknown; readonly minimum: unknown }
}

/** Validates a value for the body, and records what it was found to be. */
export async function pass(
  hands: Hands,
  name: string,
  given: unknown,
  options: CheckpointOptions<unknown>,
): Promise<unknown> {
  try {
    return await passOnce(hands, name, given, options)
  } catch (error) {
    const ladder = hands.task.boundary?.onBreach.confidence
    if (!isLowConfidence(error) || !ladder) throw error
    return await surer(hands, name, error, ladder, options)
  }
}

/** By its code: an outcome on the record is one that was decoded. */
const isLowConfidence = (error: unknown): error is ThroughlineError =>
  error instanceof Error && 'code' in error && error.code === 'low_confidence'

/** Whoever is asked is sure: what they say is held to everything else. */
function surer(
  hands: Hands,
  name: string,
  { message, data }: ThroughlineError,
  ladder: Ladder,
  options: CheckpointOptions<unknown>,
): Promise<unknown> {
  const { confidence: actual = 'unknown', minimum } = data
  const crossed = { what: 'confidence', limit: minimum, actual, by: hands.run.id, message } as const
  const { failure } = note(hands, crossed, name)
  const answered = async (value: unknown): Promise<Tried<unknown>> => ({
    ok: true,
    value: await passOnce(hands, name, value, { ...options, confidence: 1 }),
  })
  return recover(hands, { failure, ladder, operation: `checkpoint ${name}`, can: { answer: answered } })
}

async function passOnce(
  hands: Hands,
  name: string,
  given: unknown,
  options: CheckpointOptions<unknown>,
): Promise<unknown> {
  const { run, forks, log, now, keep } = hands
  const passed = (await keep('checkpoint', name, async () => {
    const looked = await look(hands, name, given, options)
    const { value } = looked
    const about = { scope: run.scope ?? '', target: name, value, now: now(), forks }
    const { denied, asks, warned, unless } = await bind(log, about)
    const reasons = options.because ?? {}
    const stopped = [...denied, ...asks.filter(({ item }) => !reasons[item.id]?.trim())]
    if (stopped.length > 0) throw new DecisionConflict(name, stopped)
    const against = [...asks, ...warned].map(({ item }) => withReason(item, reasons[item.id]))
    const passing: Passed = against.length > 0 ? { ...looked, against } : looked
    return { appends: [], unless, value: passing }
  })) as Passed // what this operation records
  return passed.value
}

async function look(
  hands: Hands,
  name: string,
  given: unknown,
  options: CheckpointOptions<unknown>,
): Promise<Passed> {
  const { schema, mayDrop = false, conserves, checks = {} } = options
  const value = await validate(schema, given, 'invalid_value', `The value at checkpoint "${name}"`)
  if (schema && !mayDrop) throwIfLost(name, [droppedFrom(given, value)])
  const conserved = conserves === undefined ? [] : Array.isArray(conserves) ? conserves : [conserves]
  throwIfLost(
    name,
    conserved.map((asked) => lossesOf(asked, value)),
  )
  for (const [check, test] of Object.entries(checks)) await holdCheck(name, check, () => test(value))
  await holdInvariants(hands.task, name, value, hands.input)
  const stated = options.confidence ?? hands.task.boundary?.confidenceAt
  const lack = lacking(name, value, { minimum: boundaryOf(hands).confidence, stated })
  if (!lack) return { value }
  if (!('abstain' in options)) throw lack
  const { confidence, minimum } = lack.data
  return { value: options.abstain, abstained: { confidence, minimum } }
}

function throwIfLost(name: string, losses: readonly Losses[]): void {
  const said = losses.flatMap((one) => one.said)
  const lost = losses.flatMap((one) => one.lost)
  if (said.length > 0) throw new PartialLoss(name, said, { lost: lost.slice(0, 1000) })
}

async function holdCheck(
  name: string,
  check: string,
  ask: () => boolean | string | Promise<boolean | string>,
): Promise<void> {
  let said: unknown
  try {
    said = await ask()
  } catch (error) {
    throw new CheckFailed(name, check, `it threw: ${messageOf(error)}`, error)
  }
  if (said !== true) throw new CheckFailed(name, check, typeof said === 'string' ? said : undefined)
}

const withReason = (item: Against['item'], because: string | undefined) => ({
  item: item.id,
  version: item.version,
  ...(because === undefined ? {} : { because }),
})

/** Of the output: the task's invariants, and how sure it says it is. Decisions are memory's to hold it against. */
export const outputGate: NonNullable<Feature['gate']> = async ({ task, run, output, input }) => {
  await holdInvariants(task, run.task, output, input)
  const lack = lacking(run.task, output, {
    minimum: task.boundary?.limits.confidence,
    stated: task.boundary?.confidenceAt,
  })
  if (lack) throw lack
  return undefined
}
