/** Embeddings: vectors of the words of a text, so that texts with words in common are near. The same on every machine. */
import { createHash } from 'node:crypto'
import type { Tokenizer } from '../../tokens/index.ts'
import { isRecord, numberIn, Unreadable } from './asked.ts'

const DIMENSIONS = 64
const MOST_DIMENSIONS = 4096

export interface Embedding {
  readonly model: string
  readonly input: number
  readonly body: unknown
}

/** @throws {Unreadable} */
export function embed(body: unknown, tokenizer: Tokenizer): Embedding {
  if (!isRecord(body) || typeof body.model !== 'string')
    throw new Unreadable('model: Field required, a string.')
  const texts = typeof body.input === 'string' ? [body.input] : body.input
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every((text) => typeof text === 'string'))
    throw new Unreadable('input: a text, or a list of at least one text.')
  const dimensions = numberIn(body.dimensions) ?? DIMENSIONS
  if (!Number.isSafeInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS)
    throw new Unreadable(`dimensions: a whole number from 1 to ${MOST_DIMENSIONS}.`)
  const input = texts.reduce((sum, text) => sum + tokenizer.count(text), 0)
  return {
    model: body.model,
    input,
    body: {
      object: 'list',
      model: body.model,
      data: texts.map((text, index) => ({
        object: 'embedding',
        index,
        embedding: encoded(vectorOf(text, dimensions), body.encoding_format),
      })),
      usage: { prompt_tokens: input, total_tokens: input },
    },
  }
}

function encoded(vector: readonly number[], format: unknown): unknown {
  return format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
}

function vectorOf(text: string, dimensions: number): readonly number[] {
  const sum = Array.from({ length: dimensions }, () => 0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const hash = createHash('sha256').update(word).digest()
    for (let i = 0; i < 8; i++) {
      const at = hash.readUInt16LE(i * 2) % dimensions
      sum[at] = (sum[at] ?? 0) + ((hash[16 + i] ?? 0) & 1 ? 1 : -1)
    }
  }
  const length = Math.hypot(...sum) || 1
  return sum.map((x) => x / length)
}
