/**
 * What the model can do about a document: read parts of it, look for copies, file it, or set it aside.
 *
 * T1. `file` checks before it files: nothing that the checks refuse lies among what is filed.
 * T2. What is wrong has a mode, and each mode its way out in `intake.ts`: told once, then set aside.
 * T3. A tool reaches this document and the cabinet, whatever path the model names.
 */
import { tool, type ModelMessage, type ToolExecutionOptions } from 'ai'
import { ThroughlineError, type Context, type ToolExtras } from 'throughline'
import { z } from 'zod'
import type { Cabinet } from './cabinet.ts'
import { findingsIn } from './checks.ts'
import { digestOf, textOf, type Document } from './documents.ts'
import { Entry, type Filed } from './entry.ts'

/** How much of a document is read at once, in characters. */
const PAGE = 4000
/** What a refused call is answered with begins so. */
export const REFUSED = 'Refused: '

/** The SDK's word for what a tool gets, with what the layer adds. */
type Given = ToolExecutionOptions<unknown> & ToolExtras

const receiptOf = ({ receipt, pile }: Filed) => ({ receipt, pile })

export function toolsFor(ctx: Context, folder: string, document: Document, cabinet: Cabinet) {
  const reconcile = async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
    const found = await cabinet.find(document)
    return found?.key === idempotencyKey
      ? { done: true as const, value: receiptOf(found) }
      : { done: false as const }
  }
  const put = { effect: 'reversible', once: true, reconcile } as const
  return ctx.tools(
    {
      read: tool({
        description: 'Reads a part of the document: up to 4,000 characters from `from`.',
        inputSchema: z.object({ from: z.number().int().min(0) }),
        execute: async ({ from }) => {
          const text = await textOf(folder, document.path)
          return { text: text.slice(from, from + PAGE), from, length: text.length }
        },
      }),
      filed: tool({
        description: 'The paths of documents with this digest that are filed already.',
        inputSchema: z.object({ digest: z.string() }),
        execute: async ({ digest }) => ({ paths: await cabinet.copies(digest) }),
      }),
      file: tool({
        description: 'Files the document, once, under an entry. Gives a receipt, or says what is wrong.',
        inputSchema: Entry,
        execute: async (entry, given) => {
          const told = timesTold(given.messages)
          const text = await textOf(folder, document.path)
          if (digestOf(text) !== document.digest)
            throw refusal('stale_data', ['path: the document has changed since the intake began'])
          const findings = [...findingsIn(entry, text), ...(await aboutPlace(entry, document, cabinet))]
          if (findings.length > 0) throw refusal(told === 0 ? 'wrong_tool' : 'repetition', findings)
          const { idempotencyKey: key } = given as Given
          const filed = { ...entry, pile: 'filed' as const, findings, corrections: told, key }
          return receiptOf(await cabinet.put(document, filed))
        },
      }),
      setAside: tool({
        description: 'Puts the document on the pile for a person, where it cannot be told what it is.',
        inputSchema: z.looseObject({ because: z.string().optional() }),
        execute: async ({ because, ...claimed }, given) => {
          const { data: entry } = Entry.safeParse(claimed)
          const text = await textOf(folder, document.path)
          const wrong = entry ? findingsIn(entry, text) : []
          const findings = [...(because === undefined ? [] : [because]), ...wrong]
          const { idempotencyKey: key, messages } = given as Given
          const corrections = timesTold(messages)
          return receiptOf(
            await cabinet.put(document, { ...entry, pile: 'review', findings, corrections, key }),
          )
        },
      }),
    },
    { read: { effect: 'read' }, filed: { effect: 'read' }, file: put, setAside: put },
  )
}

/** What an entry says of this document's place among the others. */
async function aboutPlace({ path, copyOf }: Entry, document: Document, cabinet: Cabinet): Promise<string[]> {
  const findings = path === document.path ? [] : [`path: this document is ${document.path}`]
  if (copyOf === undefined) return findings
  const copies = await cabinet.copies(document.digest)
  if (copyOf === document.path || !copies.includes(copyOf))
    findings.push(`copyOf: ${copyOf} is not filed as the same text`)
  return findings
}

/** How often the model was told in this conversation that its entry is wrong. */
function timesTold(messages: readonly ModelMessage[]): number {
  const results = messages.flatMap(({ role, content }) =>
    role === 'tool' ? content.filter(({ type }) => type === 'tool-result') : [],
  )
  return results.filter((result) => JSON.stringify(result).includes(`"${REFUSED}`)).length
}

function refusal(mode: 'wrong_tool' | 'repetition' | 'stale_data', findings: readonly string[]): Error {
  return new ThroughlineError('entry_refused', { message: findings.join('; '), data: { mode, findings } })
}
