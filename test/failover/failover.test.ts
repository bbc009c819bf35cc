/** The same as `npm run failover`, smaller: real workers, really killed, stopped and continued. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { open } from 'throughline'
import { long } from './frozen.ts'
import { PostgresSite } from './postgres-site.ts'
import { round, wrongsOf, type FaultName } from './rounds.ts'
import { closeTables, makeTable } from './table.ts'

const RUNS = 60
const PATIENCE_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'throughline-failover-'))
let site: PostgresSite
let reference: readonly string[] = []

const play = (fault: FaultName) => round(fault, { site, folder, runs: RUNS, seed: '1', outageMs: 6000 })

beforeAll(async () => {
  site = await PostgresSite.start()
  await makeTable(site.database)
  reference = (await play('none')).outcomes
}, PATIENCE_MS)

afterAll(async () => {
  await closeTables()
  await site.dispose()
  rmSync(folder, { recursive: true })
}, PATIENCE_MS)

test('undisturbed, every run ends as it should', () => {
  expect(reference.length).toBe(RUNS)
  expect(reference.filter((outcome) => !outcome.includes('"price"'))).toEqual([])
})

test(
  'the runs of a worker that is killed go on elsewhere within five seconds',
  { timeout: PATIENCE_MS },
  async () => {
    const done = await play('worker killed')
    expect(wrongsOf(done, reference)).toEqual([])
    expect(done.movedAfterMs.length).toBeGreaterThan(0)
    expect(Math.max(...done.movedAfterMs)).toBeLessThan(5000)
  },
)

test(
  'a worker that is stopped for six seconds and continued does no harm',
  { timeout: PATIENCE_MS },
  async () => {
    const done = await play('worker stopped')
    expect(wrongsOf(done, reference)).toEqual([])
    expect(done.movedAfterMs.length).toBeGreaterThan(0)
  },
)

test(
  'what a worker did while it was frozen is refused when it comes late, and it carries others again',
  { timeout: PATIENCE_MS },
  async () => {
    const file = join(folder, 'marks.txt')
    const marks = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [])
    const sees = async (isSo: (marks: readonly string[]) => boolean) => {
      while (!isSo(marks())) await pause(20)
    }
    const first = await site.startWorker({ release: 'frozen.ts' })
    await using tl = await open({ store: site.store, worker: false })
    const run = await tl.start(long, { file, ms: 1500 })
    await sees((all) => all.length === 1)
    first.kill('SIGSTOP')
    const second = await site.startWorker({ release: 'frozen.ts' })
    const [pid, other] = [first, second].map(({ name }) => Number(name.split('/')[1]))
    await sees((all) => all.includes(`begun ${other}`))
    first.kill('SIGCONT')
    await sees((all) => all.includes(`ended ${pid}`))
    expect(await run.result()).toBe(other)
    second.kill('SIGKILL')
    const next = await tl.start(long, { file, ms: 10 })
    expect(await next.result()).toBe(pid)
    const kinds = (await Array.fromAsync(tl.history(run.id))).map(({ kind }) => kind)
    expect(kinds).toEqual(['run.started', 'run.claimed', 'run.claimed', 'step.completed', 'run.done'])
    first.kill('SIGTERM')
    expect((await first.over).code).toBe(0)
    expect((await tl.verify()).breaks).toEqual([])
  },
)
