/** The write-ahead log: what is in it whole is the record, and nobody who opens the store spoils it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { open, task } from 'throughline'
import { randomBy } from '../random.ts'
import { folderFor, parent, record, tasks } from './recorded.ts'

test('a log cut off anywhere leaves a store that verifies, holds a prefix, and goes on', async () => {
  const folder = folderFor()
  const file = join(folder, 'store.db')
  const random = randomBy('truncated')
  // Kept open, so that everything is still in the log, as after a crash.
  await using holder = await open({ store: file, worker: false })
  await record(file)
  const whole = new Map<string, readonly string[]>()
  for (const { stream } of await holder.log.heads()) whole.set(stream, await hashes(holder, stream))
  const used = usedOf(`${file}-wal`)
  for (let i = 0; i < 25; i++) {
    const copy = join(folder, `copy-${i}.db`)
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    truncateSync(`${copy}-wal`, random.between(0, used))
    await using tl = await open({ store: copy, worker: false })
    expect((await tl.verify()).breaks).toEqual([])
    for (const { stream } of await tl.log.heads()) {
      const here = await hashes(tl, stream)
      expect(here).toEqual(whole.get(stream)?.slice(0, here.length))
    }
    await using again = await open({ store: copy, tasks })
    const run = await again.start(parent, 1, { key: 'after' })
    await run.signal('go', 'yes')
    expect(await run.result()).toEqual({ twice: 42, go: 'yes' })
    expect((await again.verify()).breaks).toEqual([])
  }
})

/** The log is grown beforehand: what is used of it ends with the last byte that is not zero. */
function usedOf(wal: string): number {
  const bytes = readFileSync(wal)
  return bytes.findLastIndex((byte) => byte !== 0) + 1
}

async function hashes(tl: Awaited<ReturnType<typeof open>>, stream: string): Promise<string[]> {
  return (await Array.fromAsync(tl.history(stream))).map(({ hash }) => Buffer.from(hash).toString('hex'))
}

test('opening a store spoils nothing that another process is just writing', async () => {
  const file = join(folderFor(), 'store.db')
  const writer = spawn(
    process.execPath,
    ['--conditions=throughline-source', new URL('./busy-writer.ts', import.meta.url).pathname, file],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  await once(writer.stdout, 'data')
  using db = new DatabaseSync(file, { timeout: 1000 })
  for (let i = 0; i < 40; i++) {
    // Leaves an empty log, which whoever opens the store wants to grow.
    db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    const tl = await open({ store: file, worker: false })
    await tl.close()
  }
  writer.stdin.end()
  const acknowledged = Number(String((await once(writer.stdout, 'data'))[0]))
  await using tl = await open({ store: file, worker: false })
  expect((await tl.verify()).breaks).toEqual([])
  const stream = (await tl.runs.list()).runs[0]?.id ?? ''
  const counted = (await Array.fromAsync(tl.history(stream))).filter(
    ({ kind }) => kind === 'step.completed',
  ).length
  expect(counted).toBeGreaterThanOrEqual(acknowledged)
  expect(acknowledged).toBeGreaterThan(0)
})

test('verify may run beside runs at work', async () => {
  const busy = task({
    name: 'busy',
    run: (ctx) => ctx.map('part', [1, 2, 3, 4, 5, 6], (branch) => branch.step('work', () => 1)),
  })
  const file = join(folderFor(), 'store.db')
  await using tl = await open({ store: file, tasks: [busy] })
  await using other = await open({ store: file, worker: false })
  const runs = await Promise.all(Array.from({ length: 60 }, () => tl.start(busy, undefined)))
  const done = Promise.all(runs.map((run) => run.result()))
  let isDone = false
  void done.then(() => (isDone = true))
  let times = 0
  for (; !isDone; times++) for (const one of [tl, other]) expect((await one.verify()).breaks).toEqual([])
  expect(times).toBeGreaterThan(0)
})
