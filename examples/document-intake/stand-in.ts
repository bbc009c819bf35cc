/**
 * What answers where there is no model: rules that read a request and say what a model might. Nothing is understood here.
 *
 * N1. It decides by the request alone, so that the same request has the same answer, also after a crash.
 * N2. It makes mistakes on purpose, which by a hash of the document's path: see `mistakes.ts`. Others it makes because its rules are
 *     simple, and of those nobody knew beforehand.
 */
import type { Answer, Asked } from 'throughline/testing'
import { z } from 'zod'
import { guess } from './guess.ts'
import { mistakeOf, wrongly } from './mistakes.ts'
import { REFUSED } from './tools.ts'

const Page = z.object({ text: z.string(), from: z.number(), length: z.number() })
const Copies = z.object({ paths: z.array(z.string()) })
const Filed = z.object({ receipt: z.string() })

/** How much of the end of a long document is read: licences of readmes are named there. */
const END = 3000

export function standIn({ messages, prompt: lastSaid }: Asked): Answer {
  const prompts = messages.filter(({ role }) => role === 'user').map(({ text }) => text)
  const [, path = '', digest = ''] = /^Path: (.*)\nDigest: (\w+)/.exec(prompts[0] ?? '') ?? []
  const isTold = lastSaid !== prompts[0]
  const mistake = mistakeOf(path)
  const results = messages.flatMap(({ toolResults }) => toolResults.map(({ text }) => text))
  const pages = found(results, Page)
  const [first] = pages
  if (!first) return call('read', { from: 0 })
  const rest = first.length - first.text.length
  if (rest > 0 && pages.length === 1) return call('read', { from: first.length - Math.min(rest, END) })
  const receipt = found(results, Filed)[0]?.receipt
  if (receipt !== undefined) {
    const text = JSON.stringify({ receipt })
    return { text: mistake === 'broken' && !isTold ? text.slice(0, -4) : text }
  }
  const copies = found(results, Copies)
  // What it was told is in this one request only: it goes by what it did since.
  if (mistake === 'never filed' || (mistake === 'not filed' && !isTold && copies.length === 0))
    return { text: JSON.stringify({ receipt: 'filed' }) }
  if (copies.length === 0) return call('filed', { digest })
  const isRefused = results.some((text) => text.includes(REFUSED))
  const entry = guess(path, pages.map(({ text }) => text).join('\n'))
  const copyOf = copies[0]?.paths[0]
  const full = copyOf === undefined ? entry : { ...entry, copyOf }
  return call('file', isRefused ? full : wrongly(mistake, full))
}

const call = (name: string, args: unknown): Answer => ({ toolCalls: [{ name, args }] })

/** Results of the tools that have this shape. */
function found<T>(results: readonly string[], shape: z.ZodType<T>): T[] {
  return results.flatMap((text) => {
    try {
      const { data } = shape.safeParse(JSON.parse(text))
      return data === undefined ? [] : [data]
    } catch {
      return []
    }
  })
}
