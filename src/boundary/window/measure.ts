/**
 * How many tokens a message is by our own table, each text counted once.
 *
 * C1. The sum of parts and of what providers put around them; images and files at a flat rate, for nobody can count those.
 * C2. A text that comes again is not counted again: the SDK builds new messages around the same strings for every request.
 */
import { readTokenizer } from '../../tokens/index.ts'
import { outputOf, partsOf, type Message, type Part } from './message.ts'

/** Of chat formats in use: the marks around a message, a call, a result. */
const PER_MESSAGE = 4
const PER_CALL = 8
/** Between what providers say of a small image and of a large one. */
const PER_FILE = 1100
/** Shorter ones the tokenizer keeps. */
const LONG = 2000
const MOST_KEPT_CHARACTERS = 16_000_000

const texts = new Map<string, number>()
const objects = new WeakMap<object, number>()
let keptCharacters = 0

export function measured(message: Message): number {
  return remembered(message, () => {
    const { content } = message
    if (typeof content === 'string') return PER_MESSAGE + countText(content)
    return partsOf(message).reduce((sum, part) => sum + measuredPart(part), PER_MESSAGE)
  })
}

export function measuredPart(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return countText(String(part.text))
    case 'tool-call':
      return PER_CALL + countText(String(part.toolName)) + countValue(part.input)
    case 'tool-result':
      return PER_CALL + countText(String(part.toolName)) + measuredOutput(part)
    case 'image':
    case 'file':
    case 'reasoning-file':
      return countFile(part)
    default:
      return PER_CALL
  }
}

export function measuredOutput(part: Part): number {
  const output = outputOf(part)
  if (!output) return countValue(part.output)
  const { value } = output
  if (output.type === 'content' && Array.isArray(value))
    return remembered(value, () => value.reduce((sum: number, one: Part) => sum + measuredPart(one), 0))
  return countValue(value)
}

/** The table is read when something is first counted. */
export function countText(text: string): number {
  const { count } = readTokenizer()
  if (text.length <= LONG) return count(text)
  const known = texts.get(text)
  if (known !== undefined) return known
  const number = count(text)
  keptCharacters += text.length
  if (keptCharacters > MOST_KEPT_CHARACTERS) {
    texts.clear()
    keptCharacters = text.length
  }
  texts.set(text, number)
  return number
}

function countValue(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'string') return countText(value)
  if (typeof value !== 'object' || value === null) return countText(String(value))
  return remembered(value, () => countText(asJson(value)))
}

function countFile(part: Part): number {
  const data = 'data' in part ? part.data : undefined
  const isText = typeof data === 'object' && data !== null && 'text' in data && typeof data.text === 'string'
  return isText ? countText(String(data.text)) : PER_FILE
}

/** Something that is no JSON is refused where it is recorded; its size is not asked then. */
function asJson(value: object): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}

function remembered(of: object, measure: () => number): number {
  const known = objects.get(of)
  if (known !== undefined) return known
  const number = measure()
  objects.set(of, number)
  return number
}
