import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'throughline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tasks, vendorReview } from './review.ts'

const NAMES = Array.from({ length: 40 }, (_, index) => `p${String(index).padStart(2, '0')}`)
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vendor-review-'))
  for (const name of NAMES) {
    await mkdir(join(root, 'node_modules', name), { recursive: true })
    await writeFile(
      join(root, 'node_modules', name, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', license: 'MIT', author: 'Ada' }),
    )
  }
  const packages = Object.fromEntries(
    [...NAMES, 'absent'].map((name) => [
      `node_modules/${name}`,
      { version: '1.0.0', integrity: 'sha512-…', optional: name === 'absent' },
    ]),
  )
  await writeFile(
    join(root, 'package-lock.json'),
    JSON.stringify({ name: 'shop', lockfileVersion: 3, packages }),
  )
})
afterEach(() => rm(root, { recursive: true }))

const input = (slowMs: number) => ({
  lockfile: join(root, 'package-lock.json'),
  report: join(root, 'review.md'),
  slowMs,
})

test('reviews what is installed and lists what is not', async () => {
  await using tl = await open({ store: 'memory:', tasks })
  const run = await tl.start(vendorReview, input(0))
  expect(await run.result()).toEqual({
    report: join(root, 'review.md'),
    packages: { installed: 40, notInstalled: 1 },
    ratings: { high: 0, medium: 0, low: 40, clear: 0 },
  })
  expect(await readFile(join(root, 'review.md'), 'utf8')).toContain('**41 packages locked**, 40 installed')
})

test('an interrupted review goes on where it stopped, and reads no package twice', async () => {
  const store = join(root, 'record.db')
  const first = await open({ store, tasks })
  const { id } = await first.start(vendorReview, input(20), { key: 'once' })
  const started = await first.run(id)
  let read = 0
  for await (const event of started.events()) if (event.kind === 'step.completed' && ++read === 10) break
  await first.close()
  // What was read stays read: this one is not there any more when the review goes on.
  await rm(join(root, 'node_modules/p00/package.json'))

  await using second = await open({ store, tasks })
  const run = await second.start(vendorReview, input(20), { key: 'once' })
  expect(run.id).toBe(id)
  expect((await run.result()).packages.installed).toBe(40)
  const steps: (string | undefined)[] = []
  for await (const event of run.history()) if (event.kind === 'step.completed') steps.push(event.name)
  expect(steps.filter((name) => name?.startsWith('inspect'))).toHaveLength(41)
  expect(new Set(steps).size).toBe(steps.length)
})
