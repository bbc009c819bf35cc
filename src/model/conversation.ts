/**
 * A request in its canonical form: what was said, as a chain; and under which settings it is to be answered.
 *
 * Q1. Abort signals, headers, undefined and functions are no part of it; keys are sorted; the order of arrays is kept, except that tools
 *     go by name; bytes go by digest.
 * Q2. A message's digest is of its predecessor's and of itself: equal digests are equal conversations. What a system message says is a
 *     setting: a prompt that is edited while a run is under way leaves the conversation what it was.
 * Q3. A conversation that goes on from one seen before costs what is new of it: what was there is compared, not digested again.
 */
import { isSame } from './equal.ts'
import { unmarked } from './call-ids.ts'
import type { LanguageModelV4CallOptions, LanguageModelV4Message } from './sdk.ts'
import type { Fresh, Packed, Texts } from './texts.ts'

/** A message of a conversation, in canonical form. */
export interface Said {
  readonly digest: string
  readonly message: Packed
}

export interface Request {
  /** Of the last message; empty for a conversation without any. */
  readonly conversation: string
  readonly said: readonly Said[]
  readonly settings: { readonly digest: string; readonly packed: Packed }
  readonly fresh: Fresh
}

interface Seen {
  readonly messages: readonly LanguageModelV4Message[]
  readonly said: readonly Said[]
}

/** Conversations of a run that may go on; of agents side by side, each has its own. */
const MOST_SEEN = 16
const SHORT = 16

export class Requests {
  readonly #texts: Texts
  #seen: Seen[] = []
  #settings: { readonly given: unknown; readonly settings: Request['settings'] }[] = []

  constructor(texts: Texts) {
    this.#texts = texts
  }

  /** The canonical form of what the SDK asks of this model. */
  of(model: string, options: LanguageModelV4CallOptions): Request {
    const fresh: Fresh = {}
    const messages = options.prompt.filter(({ role }) => role !== 'system')
    const before = this.#longest(messages)
    const said = before ? before.said.slice(0, before.length) : []
    for (const message of messages.slice(said.length)) {
      const packed = this.#texts.pack(withOwnIds(message), fresh)
      said.push({
        digest: this.#digest(`${said.at(-1)?.digest ?? ''}\0${JSON.stringify(packed)}`),
        message: packed,
      })
    }
    this.#seen = [{ messages, said }, ...this.#seen.filter((seen) => seen !== before?.seen)].slice(
      0,
      MOST_SEEN,
    )
    return {
      conversation: said.at(-1)?.digest ?? '',
      said,
      settings: this.#settingsOf(model, options, fresh),
      fresh,
    }
  }

  #longest(messages: readonly LanguageModelV4Message[]) {
    let best: { readonly seen: Seen; readonly said: readonly Said[]; readonly length: number } | undefined
    for (const seen of this.#seen) {
      let length = 0
      while (
        length < messages.length &&
        length < seen.messages.length &&
        isSame(messages[length], seen.messages[length])
      )
        length++
      if (length > (best?.length ?? 0)) best = { seen, said: seen.said, length }
    }
    return best
  }

  #settingsOf(model: string, options: LanguageModelV4CallOptions, fresh: Fresh): Request['settings'] {
    const {
      prompt,
      headers: _headers,
      abortSignal: _signal,
      includeRawChunks: _raw,
      tools,
      ...others
    } = options
    const given = {
      ...others,
      model,
      system: prompt.filter(({ role }) => role === 'system'),
      tools: tools?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }
    const known = this.#settings.find((one) => isSame(one.given, given))
    if (known) return known.settings
    const packed = this.#texts.pack(given, fresh)
    const settings = { digest: this.#digest(JSON.stringify(packed)), packed }
    this.#settings = [{ given, settings }, ...this.#settings].slice(0, MOST_SEEN)
    return settings
  }

  #digest(text: string): string {
    return this.#texts.digest(text).slice(0, SHORT)
  }
}

/** With the providers' own ids of tool calls. */
function withOwnIds(message: LanguageModelV4Message): LanguageModelV4Message {
  if (message.role !== 'assistant' && message.role !== 'tool') return message
  const content = message.content.map((part) =>
    'toolCallId' in part ? { ...part, toolCallId: unmarked(part.toolCallId) } : part,
  )
  return { ...message, content } as LanguageModelV4Message // the same parts, under their own ids
}

/** What the provider is sent. */
export function onTheWire(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  return { ...options, prompt: options.prompt.map(withOwnIds) }
}
