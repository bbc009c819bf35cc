/** The command line as a user feels it: `--version`, and a run of one step from a `.ts` file; wall time, median of seven. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandFile, packageFolder } from '../product.ts'
import { discard, scratch } from '../scratch.ts'
import { median } from '../statistics.ts'
import { wallMs } from './process.ts'
import type { Figure, OwnOptions } from './figure.ts'

const source = `import { task } from 'throughline'
export const hello = task({ name: 'hello', run: async (ctx) => ctx.step('greet', () => 'hello') })
`

export async function command({ tell }: OwnOptions): Promise<Figure[]> {
  const folder = scratch('command')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packageFolder, join(folder, 'node_modules/throughline'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'hello.ts'), source)
  tell('command: --version, run')
  const version = await seven(folder, () => ['--version'])
  const run = await seven(folder, (round) => [
    'run',
    'hello.ts',
    '--store',
    `file:${join(folder, `hello-${round}.db`)}`,
  ])
  const bare = await emptyNode(folder)
  discard(folder)
  return [
    { name: 'throughline --version', value: version, unit: 'ms', atMost: 120 },
    { name: 'throughline run of one step', value: run, unit: 'ms', atMost: 450 },
    { name: 'node on an empty file, for comparison', value: bare, unit: 'ms' },
  ]
}

async function seven(folder: string, args: (round: number) => readonly string[]): Promise<number> {
  const each: number[] = []
  for (let round = 0; round < 8; round++) {
    const { ms, code, stderr } = await wallMs(commandFile(), args(round), folder)
    if (code !== 0)
      throw new Error(
        `throughline ${args(round).join(' ')} ended with ${String(code)}: ${stderr.slice(-500)}`,
      )
    if (round > 0) each.push(ms)
  }
  return median(each)
}

async function emptyNode(folder: string): Promise<number> {
  const path = join(folder, 'empty.js')
  writeFileSync(path, '')
  const each: number[] = []
  for (let round = 0; round < 7; round++) each.push((await wallMs(path, [], folder)).ms)
  return median(each)
}
