/** `ctx.recover`: a step whose failures take the ways out that its task declares. */
import { BadOperation, type Feature, type Hands } from '../run/index.ts'
import {
  isTaskLike,
  type Context,
  type FallbackTarget,
  type RecoverOptions,
  type RecoverTools,
  type StepTools,
  type Task,
} from '../task/index.ts'
import { classify, type Classifier } from './classify/index.ts'
import { modeOfKey, type Failure } from './modes.ts'
import { recover, type Abilities, type Tried } from './recover.ts'

type Fn = (tools: RecoverTools) => unknown
type Extra = Pick<RecoverTools, 'feedback' | 'instead'>

const PLAIN: Extra = { feedback: undefined, instead: undefined }

export const recoveryFeature: Feature = {
  context: (hands): Pick<Context, 'recover'> => ({
    // The step's own types say that what it gives is a T.
    recover: ((name: string, fn: Fn, options: RecoverOptions<unknown> = {}) =>
      recovered(hands, name, fn, options)) as Context['recover'],
  }),
}

async function recovered(
  hands: Hands,
  name: string,
  fn: Fn,
  options: RecoverOptions<unknown>,
): Promise<unknown> {
  if (typeof fn !== 'function')
    throw new BadOperation(`ctx.recover("${name}") needs a function as its second argument.`, { name })
  const tried = async (work: (tools: StepTools) => unknown): Promise<Tried<unknown>> => {
    const { output, timeout, compensate } = options
    const own = {
      ...(output ? { output } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(compensate ? { compensate } : {}),
    }
    try {
      return { ok: true, value: await hands.step(name, work, own) }
    } catch (error) {
      if (error instanceof BadOperation) throw error
      return { ok: false, failure: failureOf(hands, error, options) }
    }
  }
  const first = await tried((tools) => fn({ ...tools, ...PLAIN }))
  if (first.ok) return first.value
  return recover(hands, {
    failure: first.failure,
    operation: name,
    can: abilities(hands, fn, options, tried),
  })
}

function abilities(
  hands: Hands,
  fn: Fn,
  { answered, partial, inputFor }: RecoverOptions<unknown>,
  tried: (work: (tools: StepTools) => unknown) => Promise<Tried<unknown>>,
): Partial<Abilities<unknown>> {
  const again = (extra: Extra) => tried((tools) => fn({ ...tools, ...extra }))
  return {
    retry: () => again(PLAIN),
    repair: (feedback) => again({ ...PLAIN, feedback }),
    fallback: (target) => {
      if (!isTaskLike(target)) return again({ ...PLAIN, instead: target })
      return called(hands, target, inputFor)
    },
    answer: (value) => tried(() => (answered ? answered(value) : value)),
    ...(partial ? { partial: () => tried(() => partial()) } : {}),
  }
}

async function called(
  hands: Hands,
  target: FallbackTarget & { readonly name: string },
  inputFor: RecoverOptions<unknown>['inputFor'],
): Promise<Tried<unknown>> {
  try {
    // `isTaskLike` has seen that it is one; its input is what the author says.
    const value = await hands.call(target as unknown as Task, inputFor?.(target.name))
    return { ok: true, value }
  } catch (error) {
    return { ok: false, failure: classify(error, { now: hands.now() }) }
  }
}

/** What the author says an error is, or else the layer. What he says that is no mode is noted, and not taken. */
function failureOf(hands: Hands, error: unknown, { modeOf }: RecoverOptions<unknown>): Failure {
  const author: Classifier = (failed) => {
    const key = modeOf?.(failed.error)
    // A key that is none is no mode either: then it is said of the author that he said so.
    return key === undefined || !Object.hasOwn(modeOfKey, key) ? (key as undefined) : modeOfKey[key]
  }
  return classify(error, { kind: 'output', now: hands.now(), authors: modeOf ? [author] : [] })
}
