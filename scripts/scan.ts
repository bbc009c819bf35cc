/** Writes `src/memory/search/scan.wasm` from `scan.wat` beside it: `node scripts/scan.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import wabt from 'wabt'

const [from, to] = ['scan.wat', 'scan.wasm'].map(
  (name) => new URL(`../src/memory/search/${name}`, import.meta.url),
)
if (!from || !to) throw new Error('There is nothing to assemble.')
const assembler = await wabt()
const { buffer } = assembler.parseWat('scan.wat', readFileSync(from, 'latin1'), { simd: true }).toBinary({})
writeFileSync(to, buffer)
console.log(`${buffer.length} bytes`)
