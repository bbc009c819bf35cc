/** Builds `dist/` from nothing, so that no file of an earlier build is shipped. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { vendor } from './vendor.ts'

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
// Tables, and code for the processor, lie beside the code that reads them.
for (const table of globSync('src/**/*.{bin,wasm}')) copyFileSync(table, table.replace(/^src/, 'dist'))
if (existsSync('dist/cli/bin.js')) chmodSync('dist/cli/bin.js', 0o755)
// Types of optional peers: whoever has not installed one has no use for them, and their compiler need not look for them.
for (const types of globSync('dist/**/*.d.ts')) {
  const text = readFileSync(types, 'utf8')
  const without = text.replaceAll(/^.*\bfrom '(?:ai|@ai-sdk\/[^']+)'.*$/gm, '// @ts-ignore\n$&')
  if (without !== text) writeFileSync(types, without)
}
if (status === 0) await vendor()
process.exitCode = status ?? 1
