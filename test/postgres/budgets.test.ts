/** A budget is one number, whoever draws on it: children that several workers carry, also when one of them is killed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'
import { Worker } from '../servers/worker.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-budgets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const effects = () =>
  readFileSync(join(folder, 'effects'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')

/** A parent with a budget, and children that take as many steps as they get. */
function tasksFile(steps: number): string {
  const file = join(folder, 'tasks.ts')
  writeFileSync(join(folder, 'effects'), '')
  const root = join(import.meta.dirname, '../../src/index.ts')
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs'
import { task } from ${JSON.stringify(root)}
const pause = () => new Promise((resolve) => setTimeout(resolve, 20))
export const child = task({
  name: 'child',
  async run(ctx, { n }: { n: number }) {
    for (let i = 0; i < 10; i++)
      await ctx.step('s' + i, async () => {
        appendFileSync(${JSON.stringify(join(folder, 'effects'))}, process.pid + ' ' + n + '.' + i + '\\n')
        await pause()
      })
  },
})
export const parent = task({
  name: 'parent',
  boundary: { budget: { steps: ${steps} } },
  run: (ctx) => ctx.map('children', [1, 2, 3, 4, 5, 6, 7, 8], (branch, n) => branch.call(child, { n }).catch(() => 'stopped')),
})
`,
  )
  return file
}

test(
  'two workers on one budget: never a step too many, and the others are refused with the mode',
  { timeout: 90_000 },
  async () => {
    const [store, file] = [await freshSchema(), tasksFile(33)]
    const tl = await open({ store, worker: false })
    const workers = await Promise.all(
      [1, 2].map(() => Worker.start({ store, file, options: ['--concurrency', '4'] })),
    )
    const { parent } = (await import(file)) as { parent: never }
    const run = await tl.start(parent, undefined)
    await expect
      .poll(async () => (await tl.runs.list({ task: 'child' })).runs.length, { timeout: 30_000 })
      .toBe(8)
    await expect
      .poll(async () => (await tl.runs.list({ task: 'child' })).runs.map(({ status }) => status), {
        timeout: 60_000,
      })
      .toEqual(Array.from({ length: 8 }, () => 'halted'))
    const [row] = await tl.log.select('budgets', { where: { ledger: run.id } })
    expect([row?.['steps'], effects().length]).toEqual([33, 33])
    expect(new Set(effects().map((line) => line.split(' ')[0])).size).toBe(2)
    const { runs } = await tl.runs.list({ task: 'child' })
    expect(new Set(runs.map(({ mode }) => mode))).toEqual(new Set(['boundary_breach']))
    for (const worker of workers) worker.kill('SIGTERM')
    await Promise.all(workers.map(({ over }) => over))
    await tl.rebuild()
    expect(await tl.log.select('budgets', { where: { ledger: run.id } })).toEqual([row])
    await tl.close()
  },
)

test('a worker that is killed has not given back what it reserved', { timeout: 90_000 }, async () => {
  const [store, file] = [await freshSchema(), tasksFile(40)]
  const tl = await open({ store, worker: false })
  const [first, second] = await Promise.all(
    [1, 2].map(() => Worker.start({ store, file, options: ['--concurrency', '4'] })),
  )
  const { parent } = (await import(file)) as { parent: never }
  const run = await tl.start(parent, undefined)
  await expect.poll(() => effects().length, { timeout: 30_000 }).toBeGreaterThan(8)
  first?.kill('SIGKILL')
  await expect
    .poll(async () => (await tl.runs.list({ task: 'child' })).runs.map(({ status }) => status), {
      timeout: 80_000,
    })
    .toEqual(Array.from({ length: 8 }, () => 'halted'))
  const [row] = await tl.log.select('budgets', { where: { ledger: run.id } })
  expect(row?.['steps']).toBe(40)
  // One that was killed between its reservation and its effect had none.
  expect(effects().length).toBeLessThanOrEqual(40)
  expect(effects().length).toBeGreaterThan(40 - 8)
  second?.kill('SIGTERM')
  await second?.over
  await tl.close()
})
