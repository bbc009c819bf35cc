/**
 * The route of a chat, as a web framework would have it: a function from a Request to a Response.
 *
 * Two lines make it durable: the one it imports the AI SDK by, and the one it exports its handler by. The third adds the way back to a
 * stream that was cut off.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import {
  convertToModelMessages,
  durable,
  isStepCount,
  step,
  streamText,
  tool,
  type ToolExtras,
  type UIMessage,
} from 'throughline/ai-sdk'
import { modelFromEnvironment } from 'throughline/testing'
import { z } from 'zod'

const { model } = await modelFromEnvironment()

/** The book of the house: a line for each reservation, and for each answer that was given. */
const BOOK = process.env['CHAT_BOOK'] ?? 'chat-book.txt'
const write = (line: string) => appendFileSync(BOOK, `${line}\n`)
const isWritten = (line: string) => existsSync(BOOK) && readFileSync(BOOK, 'utf8').split('\n').includes(line)

const reserve = tool({
  description: 'Reserves a table',
  inputSchema: z.object({ people: z.number(), at: z.string() }),
  execute: ({ people, at }, options) => {
    // The same key whenever the process dies and the tool is looked at again; the SDK's types do not know of it.
    const { idempotencyKey } = options as Partial<ToolExtras>
    write(`reserved ${people} at ${at} ${idempotencyKey}`)
    return { reserved: true, people, at }
  },
})

async function handler(request: Request): Promise<Response> {
  const { id, messages } = (await request.json()) as { id: string; messages: UIMessage[] }
  const result = streamText({
    model,
    instructions:
      'You are the host of a small restaurant. Reserve tables with the tool; then answer at some length.',
    messages: await convertToModelMessages(messages),
    tools: { reserve },
    stopWhen: isStepCount(4),
    onFinish: async ({ text }) => {
      const line = `answered ${id} ${messages.length} with ${text.length} characters`
      // An effect that is done once, whenever the process dies: the book says whether it was.
      await step('save', () => write(line), {
        effect: 'once',
        reconcile: () => (isWritten(line) ? { done: true, value: undefined } : { done: false }),
      })
    },
  })
  return result.toUIMessageStreamResponse()
}

export const POST = durable('chat', handler, {
  tools: {
    reserve: {
      once: true,
      effect: 'irreversible',
      reconcile({ args, idempotencyKey }) {
        const { people, at } = args as { people: number; at: string } // as the tool's schema says
        return isWritten(`reserved ${people} at ${at} ${idempotencyKey}`)
          ? { done: true, value: { reserved: true, people, at } }
          : { done: false }
      },
    },
  },
})
export const GET = POST.resume
