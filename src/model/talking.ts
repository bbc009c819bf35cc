/**
 * What a body's model comes to: an answer, by way of its ladder where it failed.
 *
 * T1. Errors of the layer never enter the SDK: where a ladder ends, the run ends with it.
 * T2. Everything between operations is decided from what they recorded: a replay takes the same way.
 */
import { wayOutOf } from '../boundary/index.ts'
import { declaredFor, recover, type Failure, type Tried } from '../recovery/index.ts'
import { read, type Hands, type Recorded } from '../run/index.ts'
import { answerOf, type Answer } from './answer.ts'
import { ask, type Asking } from './asking.ts'
import { deskOf } from './desk.ts'
import { failureOf } from './failed.ts'
import { revive } from './errors.ts'
import { modelAnswered, modelAsked, modelFailed, type AnsweredBody, type FailedBody } from './events.ts'
import type { Guard } from './guard.ts'
import type { Named } from './named.ts'
import type { LanguageModelV4CallOptions, LanguageModelV4Content, LanguageModelV4Message } from './sdk.ts'
import type { Showing } from './showing.ts'

/** One request, and who is to answer it. */
export interface Talk {
  readonly hands: Hands
  readonly guard: Guard
  readonly model: Named
  readonly options: LanguageModelV4CallOptions
  readonly isStreamed: boolean
  readonly showing: Showing | undefined
  readonly idleMs: number
  /** Failures are thrown at the body, as the SDK's own errors. */
  readonly isThrown: boolean
}

type Outcome =
  | { readonly key: string; readonly answered: AnsweredBody }
  | { readonly key: string; readonly failed: FailedBody & { readonly retried: number } }

/** The answer; or an error for the SDK, where failures are the body's. Never settles where the run ends with it. */
export async function talk(given: Talk): Promise<Answer> {
  const outcome = await once(given)
  if ('answered' in outcome) return answer(given, outcome)
  const { failed } = outcome
  const { hands, guard, model, options } = given
  // What was shown cannot be taken back, and a caller's own abort is no failure of the call: the record says so, as a replay has shown nothing.
  const isThrown = given.isThrown && !OF_THE_LAYER.has(failed.mode)
  if (failed.isTold) given.showing?.brokeOff(contentOf(failed, hands))
  if (isThrown || failed.isTold) throw await revive(failed.e)
  let last = outcome
  const tried = async (next: Talk): Promise<Tried<Answer>> => {
    // Shown when it is whole: what is tried next may come to nothing as well.
    const came = await once({ ...next, showing: undefined })
    if ('answered' in came) return { ok: true, value: answer(next, came) }
    last = came
    return { ok: false, failure: failureOf(came.failed) }
  }
  const withPrompt = (prompt: LanguageModelV4CallOptions['prompt']): Talk => ({
    ...given,
    options: { ...options, prompt },
  })
  return recover<Answer>(hands, {
    failure: failureOf(failed),
    operation: outcome.key,
    ladder: wayOutOf(hands, failureOf(failed)),
    failed: model.id,
    retried: failed.retried,
    can: {
      retry: () => tried(given),
      repair: (feedback) => tried(withPrompt([...options.prompt, ...told(last, feedback, given)])),
      compact: async () => {
        const shorter = await guard.compacted(hands, options)
        return shorter ? tried(withPrompt(shorter)) : { ok: false, failure: failureOf(last.failed) }
      },
      fallback: (target) => tried({ ...given, model: given.model.other(target) }),
      answer: (value) => Promise.resolve({ ok: true, value: said(value, given) }),
      partial: () => Promise.resolve(partOf(last, given)),
    },
  })
}

/** They are none of the SDK's, whatever the body asked for. */
const OF_THE_LAYER: ReadonlySet<string> = new Set(['boundary_breach', 'repetition'])

/** One operation: recorded, or asked. */
async function once(given: Talk): Promise<Outcome> {
  const { hands, guard, model, options, isStreamed, showing, idleMs } = given
  const desk = deskOf(hands)
  const request = desk.requests.of(model.id, options)
  let drift: { readonly operation: string; readonly was: string; readonly is: string } | undefined
  let key = ''
  return (await hands.perform({
    kind: 'model',
    name: nameOf(request.conversation, request.settings.digest, model.id),
    orElse: {
      prefix: `${request.conversation || NOTHING}.`,
      choose(recorded) {
        const chosen = closest(recorded, model.id)
        if (chosen) drift = { operation: chosen.key, was: settingsIn(chosen), is: request.settings.digest }
        if (drift) guard.drifted(drift)
        return chosen
      },
    },
    meaning(event, of) {
      if (event.kind === modelAnswered.name)
        return { value: { key: of, answered: read(modelAnswered, event) } }
      if (event.kind === modelFailed.name) return { value: { key: of, failed: read(modelFailed, event) } }
      return { error: new Error(`An outcome of kind ${event.kind} is none of a model call.`) }
    },
    begin(work) {
      key = work.key
      const asking: Asking = {
        hands,
        desk,
        request,
        modelId: model.id,
        model: () => model.get(),
        options,
        isStreamed,
        idleMs,
        drift: guard.takeDrift(),
        ...guard.around(model.id, options),
        isHard: (failure, finish) => isHard(hands, failure, finish, options),
        shown: (part) => showing?.arrives(part, key),
        isShown: () => showing?.hasShown ?? false,
        again: () => showing?.again(),
      }
      guard.mayGoOn(hands, work, () => ask(asking, work))
    },
  })) as Outcome // as `meaning` says
}

const NOTHING = '-'

/** Of a model call: what is answered, under which settings, and who for people to read. */
function nameOf(conversation: string, settings: string, model: string): string {
  const who = model
    .replace(/[\p{C}›\s]+/gu, ' ')
    .toWellFormed()
    .slice(0, 80)
  return `${conversation || NOTHING}.${settings.slice(0, 8)} ${who}`
}

/** Of the same conversation under other settings: of the same model first, then the oldest. */
function closest(recorded: readonly Recorded[], model: string): Recorded | undefined {
  const sorted = recorded.toSorted((a, b) => a.firstSeq - b.firstSeq)
  return sorted.find(({ path }) => path.endsWith(` ${model}`)) ?? sorted[0]
}

function settingsIn({ events }: Recorded): string {
  const asked = events.find(({ kind }) => kind === modelAsked.name)
  return asked ? read(modelAsked, asked).settings : ''
}

/**
 * Whether a failed answer is a failure of the call. One that was cut short, or that breaks the form it was asked for in, is; of the others
 * the SDK tells the body why it ended, and they are failures where the task declares what is to be done about them.
 */
function isHard(
  hands: Hands,
  { mode }: Failure,
  finish: string | undefined,
  { responseFormat }: LanguageModelV4CallOptions,
): boolean {
  if (finish === undefined || finish === 'error' || finish === 'interrupted' || mode === 'context_overflow')
    return true
  if (mode === 'malformed_output' && responseFormat?.type === 'json') return true
  return declaredFor(hands.task, mode) !== undefined
}

function answer(
  { hands, guard, model, options }: Talk,
  { key, answered }: Extract<Outcome, { answered: unknown }>,
): Answer {
  guard.reported(hands, model.id, options, answered.usage)
  return answerOf(answered, key, deskOf(hands).texts)
}

/** What the model is told of its answer that was no good: the answer, as far as there is one, and what was wrong. */
function told(last: Outcome, feedback: string, { hands }: Talk): LanguageModelV4Message[] {
  const content = 'failed' in last ? contentOf(last.failed, hands) : []
  const parts = content.filter(isText).map(({ text }) => ({ type: 'text' as const, text }))
  return [
    ...(parts.length > 0 ? [{ role: 'assistant' as const, content: parts }] : []),
    { role: 'user', content: [{ type: 'text', text: feedback }] },
  ]
}

function contentOf({ content = [] }: FailedBody, hands: Hands): LanguageModelV4Content[] {
  const { texts } = deskOf(hands)
  return content.map((part) => texts.unpack(part) as LanguageModelV4Content) // recorded as such
}

const isText = (part: unknown): part is { readonly type: 'text'; readonly text: string } =>
  typeof part === 'object' &&
  part !== null &&
  'type' in part &&
  part.type === 'text' &&
  'text' in part &&
  part.text !== ''

/** What a person said in the model's place. */
function said(value: unknown, { hands, model }: Talk): Answer {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return {
    content: [{ type: 'text', text }],
    finishReason: { unified: 'stop', raw: 'person' },
    usage: {
      inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 0, text: 0, reasoning: 0 },
    },
    warnings: [],
    response: { id: `person-${hands.run.id}`, timestamp: new Date(hands.run.startedAt), modelId: model.id },
  }
}

/** What there is of a failed answer, taken for one. */
function partOf({ key, ...outcome }: Outcome, { hands, model }: Talk): Tried<Answer> {
  const failed = 'failed' in outcome ? outcome.failed : undefined
  if (!failed?.content?.length)
    return {
      ok: false,
      failure: failed
        ? failureOf(failed)
        : {
            mode: 'unclassified',
            isTransient: false,
            evidence: { name: 'none', message: 'There is no part of it.' },
          },
    }
  const body: AnsweredBody = {
    provider: '',
    model: failed.model ?? model.id,
    id: `part-${hands.run.id}`,
    at: hands.run.startedAt,
    content: failed.content,
    finish: failed.finish ?? { unified: 'interrupted' },
    usage: failed.usage ?? {},
    ms: failed.ms ?? 0,
    n: failed.n,
  }
  return { ok: true, value: answerOf(body, key, deskOf(hands).texts) }
}
