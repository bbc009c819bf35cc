/**
 * Words that look alike: what an unknown word of a query may have meant.
 *
 * Two measures, and the better counts. Trigrams (Dice over the sets of three neighbouring letters, the beginning marked, the end not)
 * meet inflected words, which differ at the end: "договора", "договор". Short words with two letters swapped share hardly any trigram;
 * there the number of edits counts (Damerau–Levenshtein, swapped neighbours being one edit): one from four letters on, two from eight.
 *
 * A vocabulary is passed over by signatures, without an index of trigrams that would have to be kept, stored and erased: a bit for each
 * letter, bits for the trigrams, and the length rule out nearly all words before two texts are compared.
 */
/** Half of the trigrams is not: of "cat" and "car" it is. */
const ENOUGH = 0.5
/** What two edits have to leave, or any two long words of the same letters would do. */
const SOME = 0.35

/** A word's letters in 32 bits and its trigrams in 64, by hash; and its length. */
export interface Signature {
  readonly letters: number
  readonly low: number
  readonly high: number
  readonly length: number
  /** Trigrams that share a bit with another of the same word: each is given the benefit of the doubt. */
  readonly hidden: number
}

export function signatureOf(word: string): Signature {
  let [letters, low, high] = [0, 0, 0]
  let [a, b] = [0, 94]
  for (let i = 0; i < word.length; i++) {
    const c = word.charCodeAt(i)
    letters |= 1 << (Math.imul(c, 0x9e3779b1) >>> 27)
    if (i > 0) {
      const bit = Math.imul(Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ c, 0x9e3779b1) >>> 26
      if (bit < 32) low |= 1 << bit
      else high |= 1 << (bit - 32)
    }
    a = b
    b = c
  }
  const hidden = word.length - 1 - bitsIn(low) - bitsIn(high) // a word of n letters has n - 1 trigrams
  return { letters: letters >>> 0, low: low >>> 0, high: high >>> 0, length: word.length, hidden }
}

/** Whether words with these signatures may be similar; `false` is certain. */
export function maybeSimilar(
  a: Signature,
  letters: number,
  low: number,
  high: number,
  length: number,
): boolean {
  const shared = bitsIn(a.low & low) + bitsIn(a.high & high) + a.hidden
  const all = a.length + length - 2
  if (2 * shared >= ENOUGH * all) return true
  const longer = a.length > length ? a.length : length
  const most = mostEdits(longer)
  if (2 * longer - a.length - length > most || (most === 2 && 2 * shared < SOME * all)) return false
  return bitsIn(a.letters & ~letters) <= most && bitsIn(letters & ~a.letters) <= most
}

function mostEdits(longer: number): number {
  return longer >= 8 ? 2 : longer >= 4 ? 1 : 0
}

function bitsIn(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555)
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333)
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** How alike two words are, from 0 to 1; 0 if not enough to stand for each other. */
export function similarity(a: string, b: string): number {
  const longer = Math.max(a.length, b.length)
  const shorter = Math.min(a.length, b.length)
  if (shorter < 3) return 0
  const most = mostEdits(longer)
  const edits = longer - shorter <= most ? editsBetween(a, b, most) : most + 1
  const byTrigrams = dice(a, b)
  const isNear = edits <= most && (most < 2 || byTrigrams >= SOME)
  return Math.max(isNear ? 1 - edits / longer : 0, byTrigrams > ENOUGH ? byTrigrams : 0)
}

/** Of the trigrams of both, the share they have in common: twice the common ones over all. Sets would cost ten times the comparing. */
function dice(a: string, b: string): number {
  let common = 0
  for (let i = 0; i < a.length - 1; i++)
    for (let j = 0; j < b.length - 1; j++)
      if (a.charCodeAt(i) === b.charCodeAt(j) && isSameTrigram(a, i, b, j)) {
        common++
        break
      }
  return (2 * common) / (a.length + b.length - 2)
}

/** Whether the trigrams whose middle letters are these are one; at the first letter, the beginning of the word stands before it. */
function isSameTrigram(a: string, i: number, b: string, j: number): boolean {
  if (a.charCodeAt(i + 1) !== b.charCodeAt(j + 1)) return false
  return i === 0 || j === 0 ? i === j : a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
}

/**
 * Insertions, deletions, replacements and swaps of neighbours; anything above `most` (1 or 2) where it is more. What both words begin and
 * end with is left out first: of one edit nothing remains but the edit itself.
 */
function editsBetween(a: string, b: string, most: number): number {
  let start = 0
  while (start < a.length && start < b.length && a.charCodeAt(start) === b.charCodeAt(start)) start++
  let end = 0
  const room = Math.min(a.length, b.length) - start
  while (end < room && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++
  const [m, n] = [a.length - start - end, b.length - start - end]
  if (m === 0 || n === 0) return m + n
  if (m === 1 && n === 1) return 1
  const isSwap = m === 2 && n === 2 && a[start] === b[start + 1] && a[start + 1] === b[start]
  if (isSwap) return 1
  return most === 1 ? 2 : distance(a.slice(start, start + m), b.slice(start, start + n), most)
}

/** Damerau–Levenshtein (optimal string alignment), row by row, given up when no way to the end can be short enough. */
function distance(a: string, b: string, most: number): number {
  let before: number[] = []
  let last: number[] = []
  for (let j = 0; j <= b.length; j++) last.push(j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
      least = Math.min(least, cost)
    }
    if (least > most) return most + 1
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
