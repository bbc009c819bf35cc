/** Many processes write about one subject of one store at the same moment: nothing is lost, one wins, and the others are told by whom. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { open } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const WRITERS = 8

interface Said {
  readonly name: string
  readonly own: string
  readonly won?: string
  readonly code?: string
  readonly message?: string
}

/** A writer that has read the item, and goes on when it is told to. */
async function writer(store: string, item: string, name: string): Promise<() => Promise<Said>> {
  const script = new URL('./writer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=throughline-source', script, store, item, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return async () => {
    child.stdin.write('go\n')
    return JSON.parse(String((await lines.next()).value)) as Said // writer.ts writes nothing else
  }
}

function fileStore(): string {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-writers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return `file:${join(folder, 'm.db')}`
}

test.each([
  ['a file', async () => fileStore()],
  ['Postgres', () => freshSchema()],
])('eight processes on one subject, on %s', async (_, storeOf) => {
  const store = await storeOf()
  await using tl = await open({ store, worker: false })
  const about = { subject: 'vendor:acme', choice: 'undecided', because: 'nobody has looked' }
  const { id } = await tl.memory.decide(about, { by: 'ada' })
  const names = Array.from({ length: WRITERS }, (_unused, n) => `writer ${n}`)
  const writers = await Promise.all(names.map((name) => writer(store, id, name)))
  const said = await Promise.all(writers.map((go) => go()))

  const winners = said.filter(({ won }) => won !== undefined)
  expect(winners).toHaveLength(1)
  const [winner] = winners
  for (const loser of said.filter((one) => one !== winner)) {
    expect(loser.code).toMatch(/^item_(?:changed|over)$/)
    expect(loser.message).toContain(loser.code === 'item_changed' ? winner?.name : winner?.won)
  }
  expect((await tl.memory.history(id)).map(({ author }) => author)).toEqual(['ada', winner?.name])

  // Nobody's own word was lost, and all of them know that they do not agree.
  const [dispute] = await tl.memory.conflicts()
  const live = new Set(dispute?.items.map((item) => item.id))
  expect(live).toEqual(new Set([...said.map(({ own }) => own), winner?.won]))
  expect((await tl.verify()).breaks).toEqual([])
})
