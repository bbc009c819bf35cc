/**
 * Requests that are too large, made to fit: a conversation that the SDK keeps, and sends whole each time.
 *
 * P1. A request that goes on from one that was made to fit goes on from what that became: what is shown at its beginning stays the same
 *     from call to call, for providers keep that in their caches.
 */
import type { ModelMessage } from 'ai'
import { ContextOverflow } from './errors.ts'
import { asMessage, partsOf, type Message } from './message.ts'
import { measured } from './measure.ts'
import type { ManagedWindow } from './window.ts'

interface Going {
  readonly own: ManagedWindow
  readonly marks: readonly string[]
}

/** Conversations that go on at once in one branch. */
const MOST = 4
const COMPARED = 64

export class Prompts {
  readonly #open: () => ManagedWindow
  #going: readonly Going[] = []

  constructor(open: () => ManagedWindow) {
    this.#open = open
  }

  /** Undefined if it cannot be made to fit. */
  async compacted(prompt: readonly unknown[], maxTokens: number): Promise<unknown[] | undefined> {
    const messages = prompt.map(asMessage)
    const marks = messages.map(markOf)
    const before = this.#going.find(
      (one) => one.marks.length <= marks.length && one.marks.every((mark, i) => mark === marks[i]),
    )
    const own = before?.own ?? this.#open()
    own.add(messages.slice(before?.marks.length ?? 0) as unknown as readonly ModelMessage[]) // looked at there
    this.#going = [{ own, marks }, ...this.#going.filter((one) => one !== before)].slice(0, MOST)
    try {
      const fits = await own.messages({ maxTokens: Math.max(1, maxTokens) })
      if (sizeOf(fits) < sizeOf(messages)) return fits
      // By our table it would fit; whoever asks knows better.
      await own.compact()
      return await own.messages()
    } catch (error) {
      if (error instanceof ContextOverflow) return undefined
      throw error
    }
  }
}

const sizeOf = (messages: readonly unknown[]): number =>
  messages.reduce((sum: number, one) => sum + measured(asMessage(one)), 0)

function markOf(message: Message): string {
  const { role, content } = message
  const [part] = partsOf(message)
  const text =
    typeof content === 'string'
      ? content
      : part && 'text' in part
        ? String(part.text)
        : String(part?.toolCallId)
  return `${role} ${measured(message)} ${text.slice(0, COMPARED)}`
}
