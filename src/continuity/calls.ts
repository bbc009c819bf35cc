/**
 * What models and tools did in a run, folded from its events: nobody has to call anything for it to be in a brief.
 *
 * C1. What a tool did is told with its arguments; what it may do only once is told apart, for it must not be done again.
 * C2. Of models only what went wrong, and what it all came to: what they said is in what was done, decided and ended with.
 */
import { bodyOf, type StoredEvent } from '../log/index.ts'
import {
  modelAnswered,
  modelAsked,
  modelFailed,
  modelText,
  toolCalled,
  toolFailed,
  toolReturned,
  type AnsweredBody,
  type FailedBody,
} from '../model/index.ts'
import type { Entry, Seen } from './record.ts'
import { Beginnings } from './texts.ts'
import { line, shortened } from './wording.ts'

const SHOWN = 300
const ARGUMENTS = 160

/** A tool call that has no outcome yet. */
export interface Under {
  readonly what: string
  readonly isOnce: boolean
}

/** Calls of one model. */
export interface ModelUse {
  readonly model: string
  calls: number
  input: number
  output: number
  costUsd: number
}

export interface CallOutcome {
  readonly entry: Entry
  readonly isOnce: boolean
  /** The tool did not do what it was called for. */
  readonly isFailed: boolean
}

export class Calls {
  readonly #texts = new Beginnings()
  readonly #under = new Map<string, Under>()
  /** By name. */
  readonly models = new Map<string, ModelUse>()

  /** What a call is, while it has no outcome: known from its intent. */
  under(key: string): Under | undefined {
    return this.#under.get(key)
  }

  /** Its outcome, if the event is one. */
  add(event: StoredEvent, key: string, seen: Seen): CallOutcome | undefined {
    switch (event.kind) {
      case toolCalled.name: {
        const { tool, args, effect, texts } = bodyOf(toolCalled, event)
        this.#texts.learn(texts)
        const what = line(`${tool} ${this.#texts.shown(args, ARGUMENTS)}`)
        this.#under.set(key, { what, isOnce: effect === 'once' })
        return undefined
      }
      case toolReturned.name: {
        const { v, instead, texts } = bodyOf(toolReturned, event)
        this.#texts.learn(texts)
        const isInstead = instead === 'refused' || instead === 'denied'
        const result = this.#texts.shown(v, SHOWN)
        return this.#outcome(key, seen, isInstead ? `${instead}: ${result}` : result, isInstead)
      }
      case toolFailed.name:
        return this.#outcome(key, seen, problemOf(bodyOf(toolFailed, event)), true)
      case modelAnswered.name:
        this.#used(bodyOf(modelAnswered, event))
        return undefined
      case modelFailed.name: {
        const error = problemOf(bodyOf(modelFailed, event))
        return { entry: { ...seen, error, result: () => error }, isOnce: false, isFailed: true }
      }
      case modelAsked.name:
      case modelText.name:
        // Of a question only the texts it brought: arguments and results are named by them.
        this.#texts.learn(bodyOf(modelText, { ...event, kind: modelText.name }).texts)
        return undefined
      default:
        return undefined
    }
  }

  #outcome(key: string, seen: Seen, text: string, isFailed: boolean): CallOutcome {
    const { what = seen.label, isOnce = false } = this.#under.get(key) ?? {}
    this.#under.delete(key)
    const entry = { ...seen, label: what, result: () => text, ...(isFailed ? { error: text } : {}) }
    return { entry, isOnce, isFailed }
  }

  #used({ model, usage, costUsd = 0, texts }: AnsweredBody): void {
    this.#texts.learn(texts)
    const known = this.models.get(model) ?? { model, calls: 0, input: 0, output: 0, costUsd: 0 }
    known.calls++
    known.input += usage.input ?? 0
    known.output += usage.output ?? 0
    known.costUsd += costUsd
    this.models.set(model, known)
  }
}

/** With its mode, which says what to do about it. */
export const problemOf = ({ mode, e }: Pick<FailedBody, 'mode' | 'e'>): string =>
  `${mode}: ${shortened(e.message, SHOWN)}`

/** What all calls of a model came to. */
export function useLine({ model, calls, input, output, costUsd }: ModelUse): string {
  const price = costUsd > 0 ? `, $${costUsd.toFixed(4)}` : ''
  return line(
    `${model} answered ${calls === 1 ? 'once' : `${calls} times`}: ${input} tokens in, ${output} out${price}`,
  )
}
