/** What was wrong, for whoever is to do it again: within the tokens a ladder allows, all attempts together. */
import type { RepairRung } from '../task/index.ts'
import { readTokenizer } from '../tokens/index.ts'
import { sentenceOf, type Failure } from './modes.ts'

const TOKENS = 2000
const ATTEMPTS = 2
/** Few tokens have more characters: what is longer is cut before it is counted. */
const MOST_CHARACTERS = 16

/** @throws what the author's `say` throws */
export async function feedbackOf(
  { say, tokens = TOKENS, attempts = ATTEMPTS }: RepairRung,
  failure: Failure,
): Promise<string> {
  const said: unknown = say ? say(failure) : `${sentenceOf(failure.mode)} ${failure.evidence.message}`
  if (typeof said !== 'string') throw new TypeError('say(failure) of repair must give text, and at once')
  return cut(said, Math.max(1, Math.floor(tokens / attempts)))
}

/** The beginning of a text, of so many tokens at most. */
function cut(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text.toWellFormed() // no token is shorter than a byte
  const { count } = readTokenizer()
  const kept = text.slice(0, most * MOST_CHARACTERS)
  let [fits, tooLong] = [0, kept.length + 1]
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1
    if (count(kept.slice(0, middle)) <= most) fits = middle
    else tooLong = middle
  }
  return kept.slice(0, fits).toWellFormed()
}
