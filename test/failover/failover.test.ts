/**
 * The same as `npm run failover`, smaller: real workers, really killed, stopped and continued, on a server that crashes.
 *
 * What is asserted holds on the busiest machine: nothing lost, nothing twice, and a record that verifies. Times are for the harness.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { open } from 'throughline'
import { long } from './frozen.ts'
import { PostgresSite } from './postgres-site.ts'
import { harmIn, round } from './rounds.ts'
import { closeTables, makeTable } from './table.ts'
import { resultOf } from './tasks.ts'

const RUNS = 30
const PATIENCE_MS = 180_000
const folder = mkdtempSync(join(tmpdir(), 'throughline-failover-'))
let site: PostgresSite

beforeAll(async () => {
  site = await PostgresSite.start()
  await makeTable(site.database)
}, PATIENCE_MS)

afterAll(async () => {
  await closeTables()
  await site.dispose()
  rmSync(folder, { recursive: true })
}, PATIENCE_MS)

test(
  'a worker killed, another stopped, and the server crashed meanwhile: every run comes to what it should, and nothing is there twice',
  { timeout: PATIENCE_MS },
  async () => {
    const reference = Array.from({ length: RUNS }, (_, n) => JSON.stringify(resultOf(n)))
    const done = await round('one by one', { site, folder, runs: RUNS, seed: '1', outageMs: 4000 })
    expect(harmIn(done, reference)).toEqual([])
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
    const result = await run.result()
    second.kill('SIGKILL')
    const next = await tl.start(long, { file, ms: 10 })
    expect(await next.result()).toBe(pid)
    const events = await Array.fromAsync(tl.history(run.id))
    const claims = events.filter(({ kind }) => kind === 'run.claimed').map(({ body }) => String(body))
    expect(claims.length).toBeGreaterThan(1)
    // Whoever claimed it last is who was heard; that it was the second is so unless the machine is very slow.
    expect(claims.at(-1)).toContain(`/${String(result)}"`)
    expect(events.filter(({ kind }) => kind.startsWith('step.')).map(({ kind }) => kind)).toEqual([
      'step.completed',
    ])
    first.kill('SIGTERM')
    expect((await first.over).code).toBe(0)
    expect((await tl.verify()).breaks).toEqual([])
  },
)
