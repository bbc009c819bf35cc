/** Whether what a provider reported on was this window, and how much of it by our table. */
import { asMessage, partsOf, type Message } from './message.ts'
import { measured } from './measure.ts'

const COMPARED = 200

export interface Share {
  /** Of the window, and of what was sent after it. */
  readonly own: number
  /** Of all that was sent. */
  readonly all: number
}

/** Undefined if the request was about something else: a summary of it, another agent's conversation. */
export function ownShare(shown: readonly Message[], sent: readonly unknown[]): Share | undefined {
  const first = shown.find(({ role }) => role !== 'system')
  if (!first) return undefined
  const messages = sent.map(asMessage)
  const mark = markOf(first)
  const from = messages.findIndex((message) => markOf(message) === mark)
  if (from < 0) return undefined
  const leading = shown.slice(0, shown.indexOf(first))
  const sum = (of: readonly Message[]): number => of.reduce((n, message) => n + measured(message), 0)
  const own = sum(leading) + sum(messages.slice(from))
  // The SDK joins messages of tools, and leaves empty ones away: a little less is still the same.
  return own >= sum(shown) * 0.9 ? { own, all: sum(messages) } : undefined
}

function markOf(message: Message): string {
  const { role, content } = message
  if (typeof content === 'string') return `${role} ${content.slice(0, COMPARED)}`
  const [part] = partsOf(message)
  return `${role} ${typeof part?.text === 'string' ? part.text.slice(0, COMPARED) : String(part?.toolCallId ?? part?.type)}`
}
