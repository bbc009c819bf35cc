/** `throughline worker` as it is used: a process, a store, signals. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { open, task } from 'throughline'
import type { Output } from './output.ts'
import { perform } from './program.ts'
import { freshSchema } from '../../test/servers/schemas.ts'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'throughline-worker-'))
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const FILE = join(folder, 'tasks.ts')
writeFileSync(
  FILE,
  `import { setTimeout as pause } from 'node:timers/promises'
import { task } from ${JSON.stringify(source('../index.ts'))}
export const slow = task({ name: 'slow', version: '2', async run(ctx) {
  await ctx.step('begin', () => 1)
  await ctx.step('work', () => pause(800, 'worked'))
  await ctx.step('never begun', () => pause(60_000))
} })
export const quick = task({ name: 'quick', run: (ctx) => ctx.step('work', () => 'done') })`,
)
const quick = task({ name: 'quick', run: () => Promise.resolve('') })
const slow = task({ name: 'slow', version: '2', run: () => Promise.resolve() })

/** A worker that says it carries. */
async function worker(...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=throughline-source', source('bin.ts'), 'worker', FILE, ...args],
    { cwd: folder, env: { ...process.env, NO_COLOR: '1', THROUGHLINE_STORE: undefined } },
  )
  children.add(child)
  let err = ''
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  const over = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    over.then((code) => `ended with ${code}`),
  ])
  return { child, said, over, err: () => err }
}

const stores = { 'a store in a file': () => `file:${join(folder, 'store.db')}`, Postgres: freshSchema }

test.each(Object.entries(stores))(
  'on %s it carries runs of others until it is told to stop, and ends with 0',
  { timeout: 120_000 },
  async (_, address) => {
    const store = await address()
    const { child, said, over, err } = await worker('--store', store, '--concurrency', '4')
    expect(said).toMatch(/^worker \d+ carries quick@1, slow@2, 4 at once$/)
    await using tl = await open({ store, worker: false })
    expect(await tl.log.isOwned()).toBe(true)
    expect(await (await tl.start(quick, undefined)).result()).toBe('done')
    const run = await tl.start(slow, undefined)
    const kinds = async () => (await Array.fromAsync(tl.history(run.id))).map(({ kind }) => kind)
    while ((await kinds()).length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGTERM')
    expect([await over, err().includes('Finishing what is in flight')]).toEqual([0, true])
    expect(await kinds()).toEqual(['run.started', 'run.claimed', 'step.completed', 'step.completed'])
    expect(await tl.log.isOwned()).toBe(false)
  },
)

test('a second signal ends it at once', { timeout: 30_000 }, async () => {
  const store = `file:${join(folder, 'impatient.db')}`
  const { child, over } = await worker('--store', store)
  await using tl = await open({ store, worker: false })
  const run = await tl.start(slow, undefined)
  const count = async () => (await Array.fromAsync(tl.history(run.id))).length
  while ((await count()) < 3) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGINT')
  await new Promise((resolve) => child.stderr.once('data', resolve))
  child.kill('SIGINT')
  expect(await over).toBe(130)
  expect(await count()).toBe(3)
})

test('with --json it says what it carries as a value', async () => {
  const { child, said, over } = await worker('--store', `file:${join(folder, 'json.db')}`, '--json')
  expect(JSON.parse(said)).toMatchObject({
    isCarrying: true,
    concurrency: 256,
    tasks: [
      { name: 'quick', version: '1' },
      { name: 'slow', version: '2' },
    ],
  })
  child.kill('SIGTERM')
  expect(await over).toBe(0)
})

test('a concurrency that is none is refused', async () => {
  const { said, over, err } = await worker('--store', 'memory:', '--concurrency', 'many')
  expect([said, await over]).toEqual(['ended with 2', 2])
  expect(err()).toMatch(/bad_request: --concurrency must be a whole number from 1; got many\./)
})

test(
  'doctor says who carries the runs of a store on Postgres, and what nobody does',
  { timeout: 120_000 },
  async () => {
    const store = await freshSchema()
    await using tl = await open({ store, worker: false })
    await tl.start(task({ name: 'rare', run: () => Promise.resolve() }), undefined)
    const { child, over } = await worker('--store', store)
    const said: Record<string, unknown>[] = []
    const out = {
      ...silent,
      isJson: true,
      json: (value: unknown) => void said.push(value as Record<string, unknown>),
    }
    expect(await perform(['doctor', '--json', '--store', store], out)).toBe(1)
    const findings = said.flatMap(
      ({ findings: all }) => all as { readonly area: string; readonly what: string }[],
    )
    const whats = findings.map(({ area, what }) => `${area}: ${what}`)
    expect(whats).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^store: Postgres \d+.*, tables of version \d+$/),
        expect.stringMatching(/^store: a round trip takes .+ ms, a commit .+ ms$/),
        expect.stringMatching(
          new RegExp(`^workers: .+/${child.pid}, for .+: quick@1, slow@2; 0 of 256 runs$`),
        ),
        'workers: nobody carries rare@1: 1 run has not ended',
      ]),
    )
    child.kill('SIGTERM')
    expect(await over).toBe(0)
  },
)

const silent: Output = {
  isJson: false,
  isWatched: false,
  width: 100,
  line: () => {},
  json: () => {},
  say: () => {},
  status: () => {},
  paint: (_, text) => text,
  tint: (_, text) => text,
}
