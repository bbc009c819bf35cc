/**
 * What models and tools did in a run, folded from its events: nobody has to call anything for it to be in a brief.
 *
 * C1. What a tool did is told with its arguments; what it may do only once is told apart, for it must not be done again.
 * C2. Of models only what went wrong, and what it all came to: what they said is in what was done, decided and ended with.
 */
import { decode, type StoredEvent } from '../log/index.ts'
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

interface Body {
  readonly tool?: unknown
  readonly args?: unknown
  readonly effect?: unknown
  readonly v?: unknown
  readonly instead?: unknown
  readonly mode?: unknown
  readonly n?: unknown
  readonly e?: { readonly message?: unknown }
  readonly model?: unknown
  readonly usage?: { readonly input?: number; readonly output?: number }
  readonly costUsd?: number
  readonly texts?: unknown
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
    const body = bodyOf(event)
    this.#texts.learn(body.texts)
    switch (event.kind) {
      case 'tool.called': {
        const what = line(`${String(body.tool)} ${this.#texts.shown(body.args, ARGUMENTS)}`)
        this.#under.set(key, { what, isOnce: body.effect === 'once' })
        return undefined
      }
      case 'tool.returned': {
        const isInstead = body.instead === 'refused' || body.instead === 'denied'
        const result = this.#texts.shown(body.v, SHOWN)
        const text = isInstead ? `${String(body.instead)}: ${result}` : result
        return this.#outcome(key, seen, text, isInstead)
      }
      case 'tool.failed':
        return this.#outcome(key, seen, problemOf(body), true)
      case 'model.answered': {
        this.#used(body)
        return undefined
      }
      case 'model.failed':
        return { entry: { ...seen, result: () => '', error: problemOf(body) }, isOnce: false, isFailed: true }
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

  #used({ model, usage = {}, costUsd = 0 }: Body): void {
    const name = String(model)
    const known = this.models.get(name) ?? { model: name, calls: 0, input: 0, output: 0, costUsd: 0 }
    known.calls++
    known.input += usage.input ?? 0
    known.output += usage.output ?? 0
    known.costUsd += costUsd
    this.models.set(name, known)
  }
}

/** With its mode, which says what to do about it. */
export function problemOf({ mode, e }: Body): string {
  const message = shortened(String(e?.message ?? 'nothing is known of it'), SHOWN)
  return mode === undefined ? message : `${String(mode)}: ${message}`
}

function bodyOf({ body }: StoredEvent): Body {
  const value = decode(body)
  return typeof value === 'object' && value !== null ? value : {}
}

/** What all calls of a model came to. */
export function useLine({ model, calls, input, output, costUsd }: ModelUse): string {
  const price = costUsd > 0 ? `, $${costUsd.toFixed(4)}` : ''
  return line(
    `${model} answered ${calls === 1 ? 'once' : `${calls} times`}: ${input} tokens in, ${output} out${price}`,
  )
}
