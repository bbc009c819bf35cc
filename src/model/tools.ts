/**
 * `ctx.tools`: tools of the AI SDK that are durable and bounded.
 *
 * L1. A tool that the boundary does not allow is not offered. One that is called all the same is refused before anything runs.
 * L2. What a tool throws is read by the model, as the SDK has it; where the task declares a way out of the failure, that is gone instead.
 */
import { approve } from '../oversight/index.ts'
import { boundaryOf, isBreach, wayOutOf } from '../boundary/index.ts'
import { breakerOf, declaredFor, recover, type Failure, type Tried } from '../recovery/index.ts'
import { read, type Hands } from '../run/index.ts'
import { durationMs, validate, type Schema, type ToolOptions } from '../task/index.ts'
import { unmarked } from './call-ids.ts'
import { deskOf } from './desk.ts'
import { BadModel, revive } from './errors.ts'
import { toolFailed, toolReturned, type FailedBody } from './events.ts'
import { failureOf } from './failed.ts'
import type { Guard } from './guard.ts'
import { isRecorded } from './recorded.ts'
import { roundsOf } from './rounds.ts'
import { use, type ToolSetting } from './using.ts'

interface SdkTool {
  readonly description?: string
  readonly inputSchema?: unknown
  readonly execute?: (input: unknown, options: Readonly<Record<string, unknown>>) => unknown
}

interface CallOptions {
  readonly toolCallId?: string
  readonly abortSignal?: AbortSignal
}

type Outcome = { readonly key: string } & (
  | { readonly value: unknown }
  | { readonly failed: FailedBody & { readonly retried: number } }
)

/** @throws {BadModel} */
export function toolsFor(
  hands: Hands,
  guard: Guard,
  tools: unknown,
  options: Readonly<Record<string, ToolOptions | undefined>>,
): Record<string, object> {
  if (typeof tools !== 'object' || tools === null || Array.isArray(tools))
    throw new BadModel(
      'ctx.tools takes the tools of the AI SDK by their names: ctx.tools({ search, sendOrder }).',
    )
  const strangers = Object.keys(options).filter((name) => name !== '*' && !(name in tools))
  if (strangers.length > 0)
    throw new BadModel(
      `ctx.tools was told of ${strangers.join(', ')}, which ${strangers.length === 1 ? 'is' : 'are'} none of its tools.`,
      { strangers },
    )
  const { allows } = boundaryOf(hands)
  const wrapped: Record<string, object> = {}
  const all: Record<string, Own> = {}
  for (const [name, given] of Object.entries(tools as Record<string, unknown>)) {
    if (typeof given !== 'object' || given === null)
      throw new BadModel(`ctx.tools was given "${name}", which is no tool of the AI SDK.`, { name })
    if (!allows(name)) continue
    const own: Own = { tool: given, options: { ...options['*'], ...options[name] } }
    all[name] = own
    wrapped[name] = wrap({ hands, guard, name, all, ...own })
  }
  return wrapped
}

/** A tool as it was given, and what was said of it. */
interface Own {
  readonly tool: SdkTool
  readonly options: ToolOptions
}

interface Wrapping extends Own {
  readonly hands: Hands
  readonly guard: Guard
  readonly name: string
  /** Those beside it, which a ladder may fall back to. */
  readonly all: Readonly<Record<string, Own>>
  /** It goes round, by what was called before. */
  readonly loop?: Failure | undefined
}

function wrap(wrapping: Wrapping): object {
  const { tool } = wrapping
  if (typeof tool.execute !== 'function' || isRecorded(tool)) return tool // called by somebody else: the provider, or a browser; or one of ours
  // The approval of the SDK's own would be asked for as well.
  return Object.assign(Object.create(Object.getPrototypeOf(tool) as object | null), tool, {
    execute: (input: unknown, given: CallOptions = {}) => execute(wrapping, input, given),
  }) as object
}

async function execute(wrapping: Wrapping, input: unknown, given: CallOptions): Promise<unknown> {
  const approved = await approvedArgs(wrapping, input, given)
  return 'refused' in approved ? approved.refused : perform(wrapping, approved.args, given)
}

/** The arguments, as far as a person has to say so as they edited them; or what the model is told instead. */
async function approvedArgs(
  { hands, name, options }: Wrapping,
  input: unknown,
  given: CallOptions,
): Promise<{ readonly args: unknown } | { readonly refused: string }> {
  const needs = approvalOf(options, input)
  if (!needs) return { args: input }
  const verdict = await approve(hands, `${name} ${given.toolCallId ?? ''}`.trim(), {
    proposal: { tool: name, args: input },
    ...(needs.to === undefined ? {} : { to: needs.to }),
    ...(needs.timeout === undefined ? {} : { timeout: needs.timeout }),
  })
  if (!verdict.approved)
    return {
      refused: `Not approved${verdict.reason === undefined ? '' : `: ${verdict.reason}`}. The tool did not run.`,
    }
  const edited = (verdict.value as { readonly args?: unknown } | undefined)?.args
  return { args: edited === undefined ? input : edited }
}

async function perform(looked: Wrapping, input: unknown, given: CallOptions): Promise<unknown> {
  const { hands, name, all } = looked
  const rounds = roundsOf(hands)
  const branch = hands.branch()
  const { loop, isFirst } = rounds.begins(branch, name, input)
  const outcome = await once({ ...looked, loop }, input, given)
  rounds.ended(branch, name, input, 'failed' in outcome ? outcome.failed.e.message : outcome.value)
  if (!('failed' in outcome)) return outcome.value
  const wrapping: Wrapping = { ...looked, loop: undefined }
  const { failed, key } = outcome
  const failure = failureOf(failed)
  // What the model cannot mend by reading of it goes its own way, and so does what the task declares.
  const isOurs =
    failure.mode === 'boundary_breach' ||
    failure.mode === 'repetition' ||
    declaredFor(hands.task, failure.mode) !== undefined
  if (!isOurs) throw await revive(failed.e)
  const tried = async (one: Wrapping, args = input): Promise<Tried<unknown>> => {
    const came = await once(one, args, given)
    return 'failed' in came ? { ok: false, failure: failureOf(came.failed) } : { ok: true, value: came.value }
  }
  return recover<unknown>(hands, {
    failure,
    operation: key,
    failed: name,
    retried: failed.retried,
    ladder: wayOutOf(hands, failure),
    can: {
      retry: () => tried(wrapping),
      // The model reads what was wrong in place of a result.
      ...(loop && !isFirst
        ? {}
        : { repair: (feedback: string) => Promise.resolve({ ok: true as const, value: feedback }) }),
      fallback: async (target) => {
        const named = typeof target === 'string' ? target : 'something that is no name'
        const other = all[named]
        if (!other)
          throw new BadModel(
            `The ladder of "${name}" falls back to ${named}, which is none of the tools beside it.`,
            { name },
          )
        const instead = { ...wrapping, ...other, name: named }
        const approved = await approvedArgs(instead, input, given)
        return 'refused' in approved ? { ok: true, value: approved.refused } : tried(instead, approved.args)
      },
      answer: (value) => Promise.resolve({ ok: true, value }),
    },
  })
}

function once(wrapping: Wrapping, input: unknown, given: CallOptions): Promise<Outcome> {
  const { hands, guard, name, tool, options, loop } = wrapping
  const call = given.toolCallId ?? ''
  const desk = deskOf(hands)
  return hands.perform({
    kind: 'tool',
    name: `${name} ${call}`
      .trim()
      .replace(/[\p{C}›]+/gu, ' ')
      .slice(0, 190),
    meaning(event, key) {
      if (event.kind === toolReturned.name) {
        const { v } = read(toolReturned, event)
        return { value: { key, value: v === undefined ? undefined : desk.texts.unpack(v) } }
      }
      if (event.kind === toolFailed.name) return { value: { key, failed: read(toolFailed, event) } }
      return { error: new Error(`An outcome of kind ${event.kind} is none of a tool call.`) }
    },
    begin(work) {
      const limits = boundaryOf(hands)
      const breaker = breakerOf(hands.log, `tool/${name}`, hands.now)
      let release = (): void => {}
      use(
        {
          tool: name,
          call: unmarked(call),
          args: input,
          desk,
          isOnce: options.once ?? false,
          effect: options.effect,
          authors: guard.classifiers,
          run: (about) => runTool(wrapping, input, given, about, limits.fetch),
          reconcile:
            options.reconcile &&
            ((idempotencyKey) => options.reconcile?.({ idempotencyKey, args: input }) ?? 'unknown'),
          async before(): Promise<ToolSetting | { readonly failure: Failure }> {
            release()
            const wrong = await argumentsWrong(tool, input, name)
            if (wrong) return { failure: wrong }
            if (loop) return { failure: loop }
            const open = await breaker.before()
            if (open) return { failure: open }
            const reservation = await limits.reserve({
              kind: 'tool',
              name,
              ...(options.effect ? { effect: options.effect } : {}),
            })
            if (isBreach(reservation)) {
              await breaker.leave()
              return { failure: reservation.failure }
            }
            release = () => reservation.release()
            const { appends, unless } = reservation
            return { appends, unless, settled: () => reservation.settled({}), isCounted: appends.length > 0 }
          },
          after: (failure) => breaker.after(failure),
          pauseMs: (failure, n) => (mayPass(hands, failure) ? guard.pauseMs(failure, n) : undefined),
          now: hands.now,
          fail: (error) => void hands.fail(error),
        },
        work,
      )
    },
  }) as Promise<Outcome> // as `meaning` says
}

/** Said by a network or a server, or by the task: what a function of the author's throws of its own is for the model to read. */
function mayPass({ task }: Hands, { mode, evidence }: Failure): boolean {
  return evidence.status !== undefined || evidence.code !== undefined || declaredFor(task, mode) !== undefined
}

async function runTool(
  { tool, options }: Wrapping,
  input: unknown,
  given: CallOptions,
  about: { readonly idempotencyKey: string; readonly attempt: number; readonly signal: AbortSignal },
  fetch: typeof globalThis.fetch,
): Promise<unknown> {
  const { idempotencyKey, attempt, signal: own } = about
  const timeout = options.timeout === undefined ? undefined : AbortSignal.timeout(durationMs(options.timeout))
  const abortSignal = AbortSignal.any([
    own,
    ...(given.abortSignal ? [given.abortSignal] : []),
    ...(timeout ? [timeout] : []),
  ])
  const work = (async () => {
    const result: unknown = await tool.execute?.(input, {
      ...given,
      abortSignal,
      idempotencyKey,
      attempt,
      fetch,
    })
    if (!isIterable(result)) return result
    let last: unknown
    for await (const one of result) last = one
    return last
  })()
  if (!timeout) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const late = () => reject(timeout.reason instanceof Error ? timeout.reason : new Error('timeout'))
  timeout.addEventListener('abort', late, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    timeout.removeEventListener('abort', late)
  }
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

function approvalOf(
  { approval }: ToolOptions,
  input: unknown,
): Exclude<ToolOptions['approval'], boolean | Function | undefined> | undefined {
  if (approval === undefined || approval === false) return undefined
  if (typeof approval === 'function') {
    try {
      return approval(input as never) === false ? undefined : {}
    } catch {
      return {} // a check that crashes is a failed check: a person looks
    }
  }
  return approval === true ? {} : approval
}

/** The SDK has looked; whoever calls a tool's function without it has not. */
async function argumentsWrong(
  { inputSchema }: SdkTool,
  input: unknown,
  name: string,
): Promise<Failure | undefined> {
  if (typeof inputSchema !== 'object' || inputSchema === null || !('~standard' in inputSchema))
    return undefined
  try {
    await validate(
      inputSchema as unknown as Schema,
      input,
      'invalid_value',
      `The arguments of tool "${name}"`,
    )
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      mode: 'wrong_tool',
      isTransient: false,
      evidence: { name: 'InvalidArguments', message, tool: name },
    }
  }
}
