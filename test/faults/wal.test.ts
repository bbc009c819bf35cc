/** The write-ahead log: what is in it whole is the record, and nobody who opens the store spoils it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { open } from 'throughline'
import { randomBy } from '../crash/random.ts'
import { folderFor, record, tasks } from './recorded.ts'

test('a log cut off anywhere leaves a store that verifies, holds a prefix, and goes on', async () => {
  const folder = folderFor()
  const file = join(folder, 'store.db')
  const random = randomBy('truncated')
  // Kept open, so that everything is still in the log, as after a crash.
  await using holder = await open({ store: file, worker: false })
  await record(file)
  const all = await Array.fromAsync(holder.log.heads(), ({ stream }) => stream)
  const whole = new Map<string, readonly string[]>()
  for (const stream of all) whole.set(stream, await hashes(holder, stream))
  const used = 200 * 4120
  for (let i = 0; i < 40; i++) {
    const copy = join(folder, `copy-${i}.db`)
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    truncateSync(`${copy}-wal`, random.between(0, Math.min(used, statSync(`${copy}-wal`).size)))
    await using tl = await open({ store: copy, tasks })
    expect((await tl.verify()).breaks).toEqual([])
    for (const { stream } of tl.log.heads()) {
      const here = await hashes(tl, stream)
      const known = whole.get(stream) ?? []
      // What this process added comes after what was left; a run that is carried on adds to what it finds.
      const same = here.findIndex((hash, at) => hash !== known[at])
      if (whole.has(stream)) expect(same === -1 || same > 0).toBe(true)
    }
  }
})

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
