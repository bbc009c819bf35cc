/**
 * Every program in the documents is compiled, all at once, and run, each in a process and a folder of its own.
 *
 * They are written below this folder, and not below node_modules, because Node strips no types there; git ignores them.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'

const project = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, '.examples')
const blocks = blocksOf(project)
const scratch = mkdtempSync(join(tmpdir(), 'throughline-docs-'))

/** What one process compiled, the next need not: a quarter of the time. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled') }

interface Outcome {
  readonly exitCode: number
  readonly output: string
}

function execute(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) =>
    execFile(command, args, { cwd, env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({
        exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
        output: `${stdout}${stderr}`,
      }),
    ),
  )
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const config = {
    extends: '../../../tsconfig.json',
    include: ['*.ts'],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code)
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('there are programs in the documents', () => {
  expect(blocks.length).toBeGreaterThan(0)
})

test('every piece of code in the documents compiles', async () => {
  const { output } = await execute(
    process.execPath,
    [join(project, 'node_modules/typescript/bin/tsc'), '-p', folder],
    project,
  )
  // Errors of the sources, which come along, are somebody else's to report (npm run check:types).
  expect(output.split('\n').filter((line) => line !== '' && !line.startsWith('src/'))).toEqual([])
})

describe('every program in the documents runs', () => {
  const waiting = blocks.filter(({ noRun }) => noRun === undefined)
  const outcomes = new Map(waiting.map(({ file }) => [file, Promise.withResolvers<Outcome>()]))

  // Side by side, a process for each core: most of a short program's time is Node's start.
  beforeAll(() => {
    const queue = [...waiting]
    const lane = async () => {
      for (let block = queue.shift(); block; block = queue.shift()) {
        const cwd = join(scratch, block.file)
        mkdirSync(cwd)
        const args = ['--conditions=throughline-source', join(folder, block.file)]
        outcomes.get(block.file)?.resolve(await execute(process.execPath, args, cwd))
      }
    }
    for (let i = 0; i < Math.max(2, availableParallelism()); i++) void lane()
  })

  test.each(waiting)('$at', { timeout: 60_000 }, async ({ file }) => {
    const outcome = await outcomes.get(file)?.promise
    expect(outcome, outcome?.output).toMatchObject({ exitCode: 0 })
  })
})

test('the code in README.md is examples/quickstart.ts, without its first line of comment', () => {
  const quickstart = readFileSync(join(project, 'examples/quickstart.ts'), 'utf8').replace(
    /^\/\*\*.*\*\/\n/,
    '',
  )
  expect(blocks.find(({ at }) => at.startsWith('README.md'))?.code).toBe(quickstart)
})
