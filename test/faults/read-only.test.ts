/** A store that cannot be written can be read, and whoever wants to write is told which file it is. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'throughline'
import { expect, test } from 'vitest'
import { folderFor, record } from './recorded.ts'

function asNobody(store: string, mode: 'read' | 'write'): Record<string, unknown> {
  const script = new URL('./unprivileged.ts', import.meta.url).pathname
  const said = execFileSync(process.execPath, ['--conditions=throughline-source', script, store, mode], {
    encoding: 'utf8',
  })
  return JSON.parse(said) as Record<string, unknown>
}

for (const what of ['file', 'folder']) {
  test(`a read-only ${what} can be read, and is named when it should be written`, async () => {
    const folder = join(folderFor(), 'shared')
    mkdirSync(folder)
    const file = join(folder, 'store.db')
    await record(file)
    const before = readFileSync(file)
    chmodSync(join(folder, '..'), 0o755)
    chmodSync(file, what === 'file' ? 0o444 : 0o666)
    chmodSync(folder, what === 'file' ? 0o777 : 0o555)
    const problem = { code: 'store_read_only', message: expect.stringContaining(file) }
    expect(asNobody(file, 'read')).toEqual({
      runs: ['done', 'done', 'waiting', 'done'],
      breaks: [],
      events: expect.any(Number),
      wrote: problem,
    })
    expect(asNobody(file, 'write')).toEqual({ open: problem })
    expect(readFileSync(file)).toEqual(before)
    chmodSync(folder, 0o777)
  })
}

test('a new store in a folder that cannot be written is refused by name', () => {
  const folder = join(folderFor(), 'shared')
  mkdirSync(folder, { mode: 0o555 })
  chmodSync(join(folder, '..'), 0o755)
  const file = join(folder, 'new.db')
  expect(asNobody(file, 'write')).toEqual({
    open: { code: 'store_read_only', message: expect.stringContaining(file) },
  })
})

test('whatever would change a store that was opened to be read is refused by its name', async () => {
  const file = join(folderFor(), 'store.db')
  await record(file)
  await using tl = await open({ store: file, isReadOnly: true })
  const elsewhere = join(folderFor(), 'elsewhere.db')
  await record(elsewhere, ['another'])
  await using other = await open({ store: elsewhere, isReadOnly: true })
  const lines = await Array.fromAsync(other.export())
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    rebuild: () => tl.rebuild(),
    import: () => tl.import(lines),
    prune: () => tl.runs.prune({ before: new Date(8.64e15) }),
    signal: async () => {
      const [run] = (await tl.runs.list({ status: 'waiting' })).runs
      await (await tl.run(run?.id ?? '')).signal('go')
    },
  }
  for (const [what, change] of Object.entries(changes))
    await expect(change(), what).rejects.toMatchObject({
      code: 'store_read_only',
      message: expect.stringMatching(/store\.db cannot be written: it was opened with isReadOnly/),
    })
  expect((await tl.verify()).breaks).toEqual([])
})

test('a store in memory cannot be opened to be read: there is nothing in it', async () => {
  await expect(open({ store: 'memory:', isReadOnly: true })).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(/memory.*without isReadOnly/),
  })
})
