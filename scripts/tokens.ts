/**
 * Writes `src/tokens/o200k_base.bin`: `node scripts/tokens.ts`.
 *
 * The table is OpenAI's, as js-tiktoken carries it (22 MB with all its tables and both module formats; this one is 1.5). Every token in
 * the order of its rank: its length as a byte, then its bytes.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import ranks from 'js-tiktoken/ranks/o200k_base'

const tokens: Buffer[] = []
for (const line of ranks.bpe_ranks.split('\n').filter(Boolean)) {
  const [, first = '', ...encoded] = line.split(' ')
  if (Number(first) !== tokens.length) throw new Error(`Ranks are missing before ${first}.`)
  for (const token of encoded) tokens.push(Buffer.from(token, 'base64'))
}
const table = Buffer.concat(tokens.flatMap((token) => [Buffer.from([token.length]), token]))
writeFileSync(new URL('../src/tokens/o200k_base.bin', import.meta.url), table)
console.log(
  `${tokens.length} tokens, ${table.length} bytes, sha256 ${createHash('sha256').update(table).digest('hex')}`,
)
