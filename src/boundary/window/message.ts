/**
 * Messages as the window sees them: those of the AI SDK, and those it hands to a provider, which are built alike.
 *
 * M1. A message is never changed. What stands in for one is a new message that keeps ids, names and provider options.
 */
import { createHash } from 'node:crypto'
import { encode } from '../../log/index.ts'
import { BadMessage } from './errors.ts'

/** What both have in common. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string | readonly Part[]
  readonly providerOptions?: unknown
}

export interface Part {
  readonly type: string
  readonly text?: unknown
  readonly toolCallId?: unknown
  readonly toolName?: unknown
  readonly input?: unknown
  readonly output?: unknown
  readonly providerExecuted?: unknown
  readonly approvalId?: unknown
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant', 'tool'])

/** @throws {BadMessage} */
export function asMessage(given: unknown): Message {
  const told = () => JSON.stringify(given)?.slice(0, 120) ?? String(given)
  if (typeof given !== 'object' || given === null || !('role' in given) || !ROLES.has(given.role))
    throw new BadMessage(`A message has a role (system, user, assistant or tool) and content; got ${told()}.`)
  const { role } = given
  const content = 'content' in given ? given.content : undefined
  const isParts = Array.isArray(content) && content.every(isPart)
  if (!(typeof content === 'string' ? role !== 'tool' : isParts && role !== 'system'))
    throw new BadMessage(
      `The content of a ${String(role)} message must be ${role === 'system' ? 'text' : role === 'tool' ? 'a list of parts' : 'text or a list of parts'}; got ${told()}.`,
      { role },
    )
  return given as Message // the role and the content are looked at above
}

const isPart = (part: unknown): boolean =>
  typeof part === 'object' && part !== null && 'type' in part && typeof part.type === 'string'

export const partsOf = ({ content }: Message): readonly Part[] => (typeof content === 'string' ? [] : content)

/** SHA-256 of what it says. */
export function digestOf(message: Message): string {
  return createHash('sha256')
    .update(encode(plain(message)))
    .digest('hex')
}

/** Keys in order, functions and what is undefined left away: the same message is the same text. */
function plain(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined && typeof inner !== 'function' && typeof inner !== 'symbol')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, plain(inner)]),
  )
}

/** What a tool gave, with its kind: an error stays one. */
export interface Output {
  readonly type: string
  readonly value?: unknown
}

export function outputOf(part: Part): Output | undefined {
  const { output } = part
  return typeof output === 'object' && output !== null && 'type' in output && typeof output.type === 'string'
    ? (output as Output) // its type is a string; its value is looked at where it is used
    : undefined
}

/** A tool message, the bodies of these results left out. */
export function emptied(
  message: Message,
  isEmptied: (part: Part) => boolean,
  says: (part: Part) => string,
): Message {
  return {
    ...message,
    content: partsOf(message).map((part) => {
      if (part.type !== 'tool-result' || !isEmptied(part)) return part
      const { type } = outputOf(part) ?? {}
      return {
        ...part,
        output: { type: type?.startsWith('error') ? 'error-text' : 'text', value: says(part) },
      }
    }),
  }
}
