import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { storeContract } from '../../testing/index.ts'
import { openSqlite } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'throughline-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

storeContract({
  name: 'SQLite in memory',
  test,
  expect,
  open: (projections, clock) => openSqlite({ file: ':memory:', projections, clock }),
})

storeContract({
  name: 'a SQLite file',
  test,
  expect,
  open: (projections, clock) => openSqlite({ file: join(folder, `${++files}.db`), projections, clock }),
})

test('two connections on one file keep one order, and hear of each other', async () => {
  const file = join(folder, 'shared.db')
  const [a, b] = [openSqlite({ file, projections: [] }), openSqlite({ file, projections: [] })]
  let heard = 0
  const stop = b.onCommit((isOurs) => void (heard += isOurs ? 0 : 1))
  const write = (log: typeof a, n: number) =>
    log.commit({
      appends: [{ stream: 'shared', expected: 'any', events: [{ kind: 'n', version: 1, body: String(n) }] }],
    })
  await Promise.all(Array.from({ length: 60 }, (_, n) => write(n % 2 === 0 ? a : b, n)))
  await new Promise((resolve) => setTimeout(resolve, 80))
  const pages = await Array.fromAsync(a.read('shared'))
  const positions = pages.flat().map((event) => event.position)
  expect(positions).toHaveLength(60)
  expect(positions).toEqual(positions.toSorted((x, y) => x - y))
  expect(heard).toBeGreaterThan(0)
  expect((await b.verify()).breaks).toEqual([])
  stop()
  await Promise.all([a.close(), b.close()])
})

test('one process at a time holds the right to advance runs', async () => {
  const file = join(folder, 'owned.db')
  const [a, b] = [openSqlite({ file, projections: [] }), openSqlite({ file, projections: [] })]
  expect([await a.isOwned(), await b.isOwned()]).toEqual([false, false])
  expect([await a.tryOwn(), await b.tryOwn(), await a.tryOwn()]).toEqual([true, false, true])
  expect([await a.isOwned(), await b.isOwned()]).toEqual([true, true])
  await a.close()
  expect(await b.isOwned()).toBe(false)
  expect(await b.tryOwn()).toBe(true)
  await b.close()
})
