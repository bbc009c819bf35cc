/** A process that is killed while it imports leaves everything or nothing, and importing again brings the rest. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { open } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const ITEMS = 1500
/** Some before it writes, some while, some after. */
const KILLED_AFTER_MS = [60, 120, 200, 280, 360, 450, 600]

test.each([
  ['a file', async (folder: string) => `file:${join(folder, 'm.db')}`],
  ['Postgres', () => freshSchema()],
])('an import that is killed leaves all or nothing, on %s', async (_, storeOf) => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'm.jsonl')
  await using source = await open({ store: 'memory:' })
  const statement = 'about this and that, and what else there is to say of it'
  await Promise.all(
    Array.from({ length: ITEMS }, (_unused, n) =>
      source.memory.remember({ kind: 'fact', subject: `s:${n}`, statement, scope: `scope ${n % 7}` }),
    ),
  )
  const lines = await Array.fromAsync(source.memory.export())
  writeFileSync(file, lines.join('\n'))
  for (const after of KILLED_AFTER_MS) {
    const store = await storeOf(folder)
    await (await open({ store, worker: false })).close()
    const script = new URL('./importer.ts', import.meta.url).pathname
    const child = spawn(process.execPath, ['--conditions=throughline-source', script, store, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const ended = once(child, 'exit')
    setTimeout(() => child.kill('SIGKILL'), after)
    await ended
    await using tl = await open({ store, worker: false })
    const live = async () => (await tl.memory.profile()).live.count
    expect([0, ITEMS]).toContain(await live())
    // A server may still be at what its client died over: what it does then, it does whole.
    const { changes } = await tl.memory.import(lines)
    expect([0, ITEMS]).toContain(changes.length)
    expect(await live()).toBe(ITEMS)
    expect(await Array.fromAsync(tl.memory.export())).toHaveLength(lines.length)
    expect((await tl.verify()).breaks).toEqual([])
    if (store.startsWith('file:'))
      for (const name of ['m.db', 'm.db-wal', 'm.db-shm', 'm.db-owner'])
        rmSync(join(folder, name), { force: true })
  }
})
