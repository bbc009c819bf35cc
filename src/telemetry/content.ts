/**
 * What people, models and tools said, for whoever asked to be told.
 *
 * C1. Nothing is kept, and nothing told, unless it was asked for.
 * C2. An attribute holds so much; of a conversation that is longer, the beginning is left out, and how much that was is told.
 */
import { messageOf, outputOf, type Message } from './messages.ts'
import type { Attributes } from './span.ts'
import { TextsTold } from './texts.ts'

type Body = Readonly<Record<string, unknown>>

/** Characters of one attribute. */
const MOST = 64 * 1024

export class Content {
  readonly #texts = new TextsTold()
  readonly #said = new Map<string, { readonly message: unknown; readonly before: string | undefined }>()
  readonly #settings = new Map<string, unknown>()

  learn(kind: string, body: Body): void {
    this.#texts.learn(body['texts'])
    if (kind === 'model.settings' && typeof body['digest'] === 'string')
      this.#settings.set(body['digest'], body['packed'])
    if (kind !== 'model.asked' || !Array.isArray(body['said'])) return
    let before = typeof body['after'] === 'string' ? body['after'] : undefined
    for (const [digest, message] of body['said'] as readonly (readonly [string, unknown])[]) {
      this.#said.set(digest, { message, before })
      before = digest
    }
  }

  /** Of an operation, by its kind: what went in, and what came out. */
  attributes(kind: string, name: string, said: Readonly<Record<string, Body>>): Attributes {
    if (kind === 'model') return this.#model(said['asked'] ?? {}, said['answered'] ?? said['failed'] ?? {})
    if (kind === 'tool') {
      const { called = {}, returned = {} } = said
      return {
        'gen_ai.tool.call.arguments': this.#json(called['args']),
        'gen_ai.tool.call.result': this.#json(returned['v']),
      }
    }
    // What was asked, decided or remembered is the rest of the operation's name.
    const about = name.slice(name.indexOf(' ') + 1)
    if (kind === 'keep.recall') return { 'gen_ai.memory.query.text': about }
    return kind.startsWith('keep.') ? { 'throughline.about': about } : {}
  }

  #model(asked: Body, answered: Body): Attributes {
    const messages = this.#conversation(asked['conversation'])
    const settings = this.#settings.get(String(asked['settings']))
    const system = this.#texts.unpack((settings as Body | undefined)?.['system'])
    const instructions = Array.isArray(system) ? system.flatMap((one) => messageOf(one).parts) : []
    const finish = (answered['finish'] as Body | undefined)?.['unified']
    const output = outputOf(
      this.#texts.unpack(answered['content']),
      typeof finish === 'string' ? finish : undefined,
    )
    const { kept, omitted } = fitting(messages)
    return {
      'gen_ai.system_instructions': instructions.length > 0 ? short(JSON.stringify(instructions)) : undefined,
      'gen_ai.input.messages': messages.length > 0 ? kept : undefined,
      'gen_ai.output.messages': output.parts.length === 0 ? undefined : fitting([output]).kept,
      'throughline.content.omitted_messages': omitted > 0 ? omitted : undefined,
    }
  }

  /** From its last message back to the first. */
  #conversation(last: unknown): readonly Message[] {
    const messages: Message[] = []
    const seen = new Set<string>() // a record that goes in a circle is none of ours, and does not hang us
    let digest = typeof last === 'string' ? last : undefined
    for (let one = this.#at(digest); one && !seen.has(digest ?? ''); one = this.#at(digest)) {
      seen.add(digest ?? '')
      messages.push(messageOf(this.#texts.unpack(one.message)))
      digest = one.before
    }
    return messages.toReversed()
  }

  #at(digest: string | undefined) {
    return digest === undefined ? undefined : this.#said.get(digest)
  }

  #json(packed: unknown): string | undefined {
    if (packed === undefined) return undefined
    return short(JSON.stringify(this.#texts.unpack(packed), asJson) ?? 'null')
  }
}

/** The newest that fit, as JSON; always the last, cut inside its texts if it must be. */
function fitting(messages: readonly Message[]): { readonly kept: string; readonly omitted: number } {
  const written: string[] = []
  let size = 2
  for (const message of messages.toReversed()) {
    const text = JSON.stringify(message, asJson)
    if (size + text.length + 1 > MOST && written.length > 0) break
    written.unshift(text.length > MOST ? JSON.stringify(cut(message), asJson) : text)
    size += text.length + 1
  }
  return { kept: `[${written.join()}]`, omitted: messages.length - written.length }
}

const PER_PART = 4096

function cut(message: Message): Message {
  const parts = message.parts.slice(0, Math.floor(MOST / PER_PART / 2)).map((part) => {
    if ('content' in part) return { ...part, content: short(part.content, PER_PART) }
    if ('response' in part)
      return { ...part, response: short(JSON.stringify(part.response, asJson) ?? '', PER_PART) }
    return 'arguments' in part
      ? { ...part, arguments: short(JSON.stringify(part.arguments, asJson) ?? '', PER_PART) }
      : part
  })
  return { ...message, parts }
}

const short = (text: string, most = MOST): string =>
  text.length > most ? `${text.slice(0, most)}…`.toWellFormed() : text

/** What JSON has no word for is told as text. */
function asJson(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map || value instanceof Set) return [...value]
  return value instanceof Uint8Array ? undefined : value
}
