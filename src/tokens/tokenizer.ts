/**
 * How many tokens a text is, counted as OpenAI's models count since 2024 (o200k_base). Other models differ by some percent: a budget
 * is a size, not a bill.
 *
 * T1. The same text is the same number on every machine.
 * T2. `<|endoftext|>` and its like are text: nothing in a text is a command.
 * T3. What stands together longer than 256 characters is counted in pieces of that: merging costs the square of the length, and
 *     20,000 characters of Chinese without a space would take a second.
 */
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

const NAME = 'o200k_base'
/** What is merged by itself: words with the sign before them, numbers of three digits, signs, white space. The table was made for this. */
const PIECES =
  /[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu
const LONGEST = 256
/** Words come again, and so do lines: their counts are kept, so many of them, of lines that are not too long to be worth it. */
const MOST_KEPT = 50_000
const MOST_LINES = 10_000
const LONGEST_LINE = 2000

export interface Tokenizer {
  /** Named where a count is recorded. */
  readonly name: string
  readonly count: (text: string) => number
}

let known: Tokenizer | undefined

/** Reads the table, 1.5 MB, when it is first asked for: it takes some 20 ms then. At once, so that nothing waits differently the first time. */
export function readTokenizer(): Tokenizer {
  return (known ??= tokenizerOf(readVocabulary(NAME)))
}

function tokenizerOf(vocabulary: Vocabulary): Tokenizer {
  const kept = new Map<string, number>()
  const countPiece = (piece: string): number => {
    const known = kept.get(piece)
    if (known !== undefined) return known
    const number = merged(vocabulary, Buffer.from(piece))
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(piece, number)
    return number
  }
  const lines = new Map<string, number>()
  const count = (text: string): number => {
    if (text.length > LONGEST_LINE) return counted(text)
    const known = lines.get(text)
    if (known !== undefined) return known
    const sum = counted(text)
    if (lines.size >= MOST_LINES) lines.clear()
    lines.set(text, sum)
    return sum
  }
  const counted = (text: string): number => {
    let sum = 0
    for (const [piece] of text.matchAll(PIECES)) {
      if (piece.length <= LONGEST) sum += countPiece(piece)
      else for (const part of parts(piece)) sum += countPiece(part)
    }
    return sum
  }
  return { name: NAME, count }
}

/** Of at most so many characters, none cut within one. */
function* parts(piece: string): Generator<string> {
  for (let from = 0; from < piece.length;) {
    let to = Math.min(piece.length, from + LONGEST)
    const last = piece.charCodeAt(to - 1)
    if (to < piece.length && last >= 0xd800 && last <= 0xdbff) to--
    yield piece.slice(from, to)
    from = to
  }
}

/** Joins the two neighbours that were learned earliest, until no two are a token. */
function merged(vocabulary: Vocabulary, bytes: Uint8Array): number {
  if (vocabulary.rankOf(bytes, 0, bytes.length) >= 0) return 1
  const starts = Array.from({ length: bytes.length + 1 }, (_, i) => i)
  const rankAt = (i: number): number => {
    const end = starts[i + 2]
    return end === undefined ? -1 : vocabulary.rankOf(bytes, starts[i] ?? 0, end)
  }
  const ranks = starts.map((_, i) => rankAt(i))
  for (;;) {
    let least = -1
    for (let i = 0; i < ranks.length; i++) {
      const rank = ranks[i] ?? -1
      if (rank >= 0 && (least < 0 || rank < (ranks[least] ?? 0))) least = i
    }
    if (least < 0) return starts.length - 1
    starts.splice(least + 1, 1)
    ranks.splice(least + 1, 1)
    ranks[least] = rankAt(least)
    if (least > 0) ranks[least - 1] = rankAt(least - 1)
  }
}
