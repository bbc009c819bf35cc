/**
 * An agent that reads its way through the Python proposals: a hundred calls, and a conversation that grows to 200,000 tokens.
 *
 * The texts are real (examples/decision-register/peps.jsonl); its model is none, so that what is timed is what is around it. What the
 * model says and what the tools return is the same for every subject, and no two turns have a text in common.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getEncoding } from 'js-tiktoken'
import { repository } from '../product.ts'

export interface Turn {
  readonly text: string
  /** What the tools are asked, and what they return. */
  readonly calls: readonly {
    readonly tool: 'search' | 'note'
    readonly args: object
    readonly result: object
  }[]
}

export interface Reading {
  readonly system: string
  readonly prompt: string
  readonly turns: readonly Turn[]
  readonly tokens: number
  /** Bytes of everything that is said, each thing once. */
  readonly uniqueBytes: number
}

interface Pep {
  readonly pep: number
  readonly title: string
  readonly abstract: string | null
  readonly motivation: string | null
}

export const toolsSaid = {
  search: 'Finds proposals about a subject, with all their sections.',
  note: 'Keeps a note for the summary at the end.',
}

const system =
  'You read the proposals of a programming language and keep notes of what was decided, what was rejected and why.'
const prompt = 'Read all of them, a few at a time, and say at the end which decisions contradict each other.'

/** `calls` turns, of which the last has no tools, and `tokens` in all. */
export function readingOf(calls: number, tokens: number): Reading {
  const tokenizer = getEncoding('o200k_base')
  const count = (text: string) => tokenizer.encode(text, [], []).length
  const peps = readFileSync(join(repository, 'examples/decision-register/peps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Pep)
    .filter(({ abstract }) => abstract !== null && abstract.length > 200)
  const turns: Turn[] = []
  let used = 0
  let next = 0
  while (turns.length < calls - 1) {
    const share = ((turns.length + 1) * tokens) / calls
    const found: Pep[] = []
    while (used < share) {
      const pep = peps[next++]
      if (!pep) throw new Error(`The proposals are ${used} tokens in all, and ${tokens} were asked for.`)
      found.push(pep)
      used += count(JSON.stringify(pep))
    }
    const turn = turnOf(found, turns.length)
    used += count(turn.text) + count(JSON.stringify(turn.calls.map(({ args }) => args)))
    turns.push(turn)
  }
  const last = `That was all of it: ${next} proposals in ${turns.length} searches.`
  turns.push({ text: last, calls: [] })
  const once = [
    system,
    prompt,
    JSON.stringify(toolsSaid),
    ...turns.flatMap(({ text, calls: all }) => [
      text,
      ...all.flatMap(({ args, result }) => [JSON.stringify(args), JSON.stringify(result)]),
    ]),
  ]
  const uniqueBytes = [...new Set(once)].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return { system, prompt, turns, tokens: used, uniqueBytes }
}

const NOTE_EVERY = 5

const noteOf = (found: readonly Pep[], text: string, index: number) => ({
  tool: 'note' as const,
  args: { about: found.map(({ pep }) => pep), text },
  result: { note: `note-${index}`, isKept: true },
})

function turnOf(found: readonly Pep[], index: number): Turn {
  const [first] = found
  const about = first?.title ?? `the rest (${index})`
  const gist = (first?.motivation ?? first?.abstract ?? '').replaceAll('\n', ' ').slice(0, 700)
  return {
    text: `I read ${found.map(({ pep }) => `PEP ${pep}`).join(', ')}. What matters of the first: ${gist}`,
    calls: [
      { tool: 'search', args: { query: about, limit: found.length }, result: { found } },
      ...(index % NOTE_EVERY === 0 ? [noteOf(found, `${about}: ${gist.slice(0, 300)}`, index)] : []),
    ],
  }
}
