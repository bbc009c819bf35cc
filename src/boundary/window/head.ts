/** The message at the head of a compacted window: that something was left out, what holds all the same, and a summary. */
import type { Message } from './message.ts'

export interface Head {
  /** So many messages are not shown any more. */
  readonly gone: number
  readonly lines: readonly string[]
  readonly summary: string | undefined
}

export function headOf({ gone, lines, summary }: Head): Message {
  const parts = [
    `This comes from the record, not from the user. ${gone === 1 ? 'One earlier message was' : `${gone} earlier messages were`} left out for size.`,
    lines.length === 0 ? undefined : `What holds:\n${lines.map((line) => `- ${line}`).join('\n')}`,
    summary === undefined ? undefined : `What was left out, in short:\n${summary}`,
  ]
  const text = parts.filter((part) => part !== undefined).join('\n\n')
  return { role: 'user', content: [{ type: 'text', text }] }
}
