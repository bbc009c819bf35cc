import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { open, restate, type Throughline } from 'throughline'
import { Balancer } from '../servers/balancer.ts'
import { freePort } from '../servers/postgres.ts'
import { RestateServer } from '../servers/restate.ts'
import { freshSchema } from '../servers/schemas.ts'
import type { Worker } from '../servers/worker.ts'
import { first, second } from './tasks.ts'
import { startWorker } from './workers.ts'

const LONG = { timeout: 120_000 }
const folder = mkdtempSync(join(tmpdir(), 'throughline-by-restate-'))
let server: RestateServer
let balancer: Balancer
let store: string
let files = 0
const workers = new Set<Worker>()
const clients: Throughline[] = []

beforeAll(async () => {
  // By itself it would end a handler that is silent for a second, and begin it again elsewhere.
  server = await RestateServer.start({
    settings: { WORKER__INVOKER__INACTIVITY_TIMEOUT: '500ms', WORKER__INVOKER__ABORT_TIMEOUT: '500ms' },
  })
}, 180_000)
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  for (const worker of workers) worker.kill('SIGKILL')
  workers.clear()
  await balancer.close()
})
afterAll(async () => {
  await server.dispose()
  rmSync(folder, { recursive: true, force: true })
})

/** A store of its own, and workers of one release behind one address. */
async function deploy(count: number): Promise<readonly Worker[]> {
  store = await freshSchema()
  balancer = await Balancer.start()
  const started: Worker[] = []
  for (let i = 0; i < count; i++) started.push(await begin())
  return started
}

/** Behind the address of the release before, or at one of its own. */
async function begin(release = 'release-1.ts', isBehind = true): Promise<Worker> {
  const port = await freePort()
  if (isBehind) balancer.add(port)
  const address = isBehind ? balancer.address : `http://127.0.0.1:${port}`
  const worker = await startWorker({
    store,
    ingress: server.ingress(),
    admin: server.admin(),
    release,
    address,
    port,
  })
  workers.add(worker)
  void worker.over.then(() => balancer.remove(port))
  return worker
}

async function client(): Promise<Throughline> {
  const dispatch = restate({ ingress: server.ingress(), admin: server.admin() })
  const tl = await open({ store, tasks: [first, second], worker: false, dispatch })
  clients.push(tl)
  return tl
}

const freshFile = (): string => join(folder, `${++files}.txt`)

interface Begun {
  readonly at: number
  readonly pid: number
}

/** Which processes began the step, and when. */
async function begun(file: string, count: number): Promise<readonly Begun[]> {
  for (;;) {
    const lines = linesIn(file)
    if (lines.length >= count) return lines
    await pause(10)
  }
}

function linesIn(file: string): readonly Begun[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => ({ at: Number(line.split(' ')[0]), pid: Number(line.split(' ')[1]) }))
  } catch {
    return []
  }
}

const workerOf = (one: Begun | undefined): Worker => {
  const worker = [...workers].find(({ pid }) => pid === one?.pid)
  if (!worker) throw new Error('Nobody of that process.')
  return worker
}

test(
  'a run whose worker is killed in mid-step is with another, and its outcome is there once',
  LONG,
  async () => {
    await deploy(2)
    const tl = await client()
    const file = freshFile()
    const run = await tl.start(first, { file, ms: 1500 })
    const victim = workerOf((await begun(file, 1))[0])
    victim.kill('SIGKILL')
    const [, again] = await begun(file, 2)
    expect(again?.pid).not.toBe(victim.pid)
    expect(await run.result()).toBe('1')
    const outcomes = (await Array.fromAsync(run.history())).filter(({ kind }) => kind === 'step.completed')
    expect(outcomes).toHaveLength(1)
  },
)

test('a step that takes longer than the time-outs of the server runs once', LONG, async () => {
  await deploy(2)
  const tl = await client()
  const file = freshFile()
  const run = await tl.start(first, { file, ms: 3000 })
  expect(await run.result()).toBe('1')
  expect(linesIn(file)).toHaveLength(1)
})

test('a worker that is told to stop hands over, and the run goes on elsewhere', LONG, async () => {
  await deploy(2)
  const tl = await client()
  const file = freshFile()
  const run = await tl.start(first, { file, ms: 500 })
  const victim = workerOf((await begun(file, 1))[0])
  victim.kill('SIGTERM')
  expect((await victim.over).code).toBe(0)
  expect(await run.result()).toBe('1')
  expect(linesIn(file)).toHaveLength(1)
})

test('runs go to workers that have their version', LONG, async () => {
  const [v1] = await deploy(1)
  const older = await open({ store, tasks: [first], worker: false })
  clients.push(older)
  const [fileOfOld, fileOfNew] = [freshFile(), freshFile()]
  const before = await older.start(first, { file: fileOfOld, ms: 1000 })
  await begun(fileOfOld, 1)
  const v2 = await begin('release-2.ts', false)
  const tl = await client()
  const after = await tl.start(second, { file: fileOfNew, ms: 100 })
  const later = await older.start(first, { file: fileOfOld, ms: 100 })
  expect([await before.result(), await after.result(), await later.result()]).toEqual(['1', '2', '1'])
  expect(linesIn(fileOfOld).map(({ pid }) => pid)).toEqual([v1?.pid, v1?.pid])
  expect(linesIn(fileOfNew).map(({ pid }) => pid)).toEqual([v2.pid])
})

test(
  'a release that comes back is called again, and so is the newer one when the older is gone',
  LONG,
  async () => {
    const [v1] = await deploy(1)
    const older = await open({ store, tasks: [first], worker: false })
    clients.push(older)
    const carries = async (worker: Worker) => {
      const file = freshFile()
      const run = await older.start(first, { file, ms: 10 })
      await run.result()
      expect(linesIn(file).map(({ pid }) => pid)).toEqual([worker.pid])
    }
    if (v1) await carries(v1)
    // One that continues what the first began, and is taken back.
    const newer = await begin('release-2-resuming.ts', false)
    v1?.kill('SIGTERM')
    await v1?.over
    await carries(newer)
    newer.kill('SIGTERM')
    await newer.over
    const again = await begin()
    await carries(again)
    // Forward once more: both live, and the one that began last goes.
    const forward = await begin('release-2-resuming.ts', false)
    const last = await begin()
    last.kill('SIGTERM')
    again.kill('SIGTERM')
    await Promise.all([last.over, again.over])
    await carries(forward)
  },
)
