/**
 * What a run's record already has of its conversations: texts, messages, settings. Read once in each life of the run, and kept up with.
 *
 * D1. A request brings onto the record what is new of it, and nothing twice.
 * D2. Texts of 4 KB and more, and settings, are events of their own: what runs have in common, such as a long prompt, is stored once among them.
 */
import { eventOf, type NewEvent } from '../log/index.ts'
import { read, type Hands } from '../run/index.ts'
import { Requests, type Request } from './conversation.ts'
import {
  modelAnswered,
  modelAsked,
  modelPartial,
  modelSettings,
  modelText,
  toolCalled,
  toolReturned,
  type AskedBody,
} from './events.ts'
import { redactor } from './redact.ts'
import { brought, Texts, type Brought, type Fresh } from './texts.ts'

const APART = 4096
const DESK = Symbol('model')

/** What an event says of a request. */
export type AskedOf = Pick<AskedBody, 'conversation' | 'after' | 'said' | 'settings' | 'texts'>

export class Desk {
  readonly texts: Texts
  readonly requests: Requests
  readonly redact = redactor()
  readonly #messages = new Set<string>()
  readonly #settings = new Set<string>()

  constructor(hands: Hands) {
    this.texts = new Texts(hands.secret)
    this.requests = new Requests(this.texts)
    for (const event of hands.noted([modelSettings.name, modelText.name])) {
      if (event.kind === modelText.name) this.texts.learn(read(modelText, event).texts)
      else {
        const { digest, texts } = read(modelSettings, event)
        this.#settings.add(digest)
        this.texts.learn(texts)
      }
    }
    for (const event of hands.history()) this.#learn(event)
  }

  #learn(event: Parameters<typeof read>[1]): void {
    switch (event.kind) {
      case modelAsked.name: {
        const { said, texts } = read(modelAsked, event)
        this.texts.learn(texts)
        for (const [digest] of said ?? []) this.#messages.add(digest)
        return
      }
      case modelPartial.name:
        return this.texts.learn(read(modelPartial, event).texts)
      case modelAnswered.name: {
        const { texts, content } = read(modelAnswered, event)
        this.texts.learn(texts)
        // What arrived in pieces comes back whole.
        if (event.body?.includes('"~+"')) for (const part of content) this.texts.unpack(part)
        return
      }
      case toolCalled.name:
        return this.texts.learn(read(toolCalled, event).texts)
      case toolReturned.name:
        return this.texts.learn(read(toolReturned, event).texts)
      default:
    }
  }

  /** Events that come before the intent, and what the intent says of the request. Called once for each that is recorded. */
  asked({ conversation, said, settings, fresh }: Request): {
    readonly before: NewEvent[]
    readonly of: AskedOf
  } {
    const before: NewEvent[] = []
    const { small, large } = split(this.redact(fresh))
    for (const texts of large) before.push(eventOf(modelText, { texts }))
    if (!this.#settings.has(settings.digest)) {
      before.push(eventOf(modelSettings, { digest: settings.digest, packed: this.redact(settings.packed) }))
      this.#settings.add(settings.digest)
    }
    const first = said.findLastIndex(({ digest }) => this.#messages.has(digest)) + 1
    const added = said.slice(first)
    for (const { digest } of added) this.#messages.add(digest)
    const after = said[first - 1]?.digest
    return {
      before,
      of: {
        conversation,
        ...(after === undefined ? {} : { after }),
        ...(added.length > 0
          ? { said: added.map(({ digest, message }) => [digest, this.redact(message)] as const) }
          : {}),
        settings: settings.digest,
        ...textsOf(small),
      },
    }
  }
}

/** Long texts each by itself, the others together. */
export function split(fresh: Fresh): { readonly small: Brought; readonly large: readonly Brought[] } {
  const small: Record<string, Brought[string]> = {}
  const large: Brought[] = []
  for (const [digest, text] of Object.entries(fresh)) {
    if (text.length >= APART) large.push({ [digest]: brought(text) })
    else small[digest] = brought(text)
  }
  return { small, large }
}

/** As part of an event's body; nothing for no texts. */
export const textsOf = (texts: Brought): { readonly texts?: Brought } =>
  Object.keys(texts).length > 0 ? { texts } : {}

export const deskOf = (hands: Hands): Desk => hands.shared(DESK, () => new Desk(hands))
