/** Who only asks whether the runs are carried stands in nobody's way. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { open } from 'throughline'
import { folderFor, record } from './recorded.ts'

/** Another process that can be asked. */
function asker(store: string): () => Promise<string> {
  const script = new URL('./asker.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=throughline-source', script, store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return async () => {
    child.stdin.write('\n')
    return String((await lines.next()).value)
  }
}

test('a process that asked, and lives on, keeps no other from carrying', async () => {
  const store = join(folderFor(), 'store.db')
  await record(store)
  const ask = asker(store)
  expect(await ask()).toBe('false')
  const tl = await open({ store })
  expect(tl.isCarrying).toBe(true)
  expect(await ask()).toBe('true')
  await tl.close()
  expect(await ask()).toBe('false')
})

test('an opener that meets a look at the lock tries again before it becomes a client', async () => {
  const store = join(folderFor(), 'store.db')
  await record(store)
  const look = new DatabaseSync(`${store}-owner`, { readOnly: true })
  look.exec('BEGIN')
  look.prepare('SELECT count(*) FROM sqlite_schema').get()
  const opening = open({ store })
  look.close()
  await using tl = await opening
  expect(tl.isCarrying).toBe(true)
})
