import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, type Throughline } from '../app/index.ts'
import { eventOf } from '../log/index.ts'
import { itemRecorded, streamOf } from './events.ts'
import { ReaderThread } from './reader-thread.ts'
import { recallOf, serveRecall } from './recall.ts'

let folder = ''
let store = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-recall-'))
  store = join(folder, 'm.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** More than are indexed beside the runs. */
async function fill(tl: Throughline, from = 0, count = 1200) {
  const events = Array.from({ length: count }, (_, i) => {
    const n = from + i
    const item = {
      id: `item_${n}`,
      version: 1,
      kind: 'fact',
      status: 'active',
      scope: '',
      subject: `vendor:${n}`,
    }
    const more = {
      statement: `Vendor ${n} has sent report number${n}`,
      sensitivity: 'internal',
      author: 'ada',
    }
    return eventOf(itemRecorded, { item: { ...item, ...more } as never }) // as `newItem` makes them
  })
  await tl.log.commit({ appends: [{ stream: streamOf(''), expected: 'any', events }] })
}
const idsOf = async (tl: Throughline, query: string) =>
  (await tl.memory.recall({ query, limit: 3 })).map(({ item }) => item.id)
const snapshot = () => `${store}-recall`

test('a thread finds what was recorded a moment ago, and not what is over', async () => {
  await using tl = await open({ store })
  await fill(tl)
  expect(await idsOf(tl, 'number77')).toEqual(['item_77'])
  const { id } = await tl.memory.remember({ kind: 'fact', subject: 'x', statement: 'A quuxotic zebra' })
  expect(await idsOf(tl, 'quuxotic')).toEqual([id])
  await tl.memory.withdraw(id, { because: 'it was a horse' })
  expect(await idsOf(tl, 'quuxotic')).toEqual([])
  const all = await Promise.all(Array.from({ length: 50 }, (_, n) => idsOf(tl, `number${n}`)))
  expect(all).toEqual(Array.from({ length: 50 }, (_, n) => [`item_${n}`]))
})

test('another process is heard, too', async () => {
  await using tl = await open({ store })
  await fill(tl)
  await idsOf(tl, 'vendor')
  await using other = await open({ store, worker: false })
  await fill(other, 5000, 3)
  expect(await idsOf(tl, 'number5001')).toEqual(['item_5001'])
})

test('memory that grows large moves to a thread, and answers meanwhile', async () => {
  await using tl = await open({ store })
  await fill(tl, 0, 900)
  expect(await idsOf(tl, 'number899')).toEqual(['item_899'])
  await fill(tl, 900, 300)
  for (let n = 0; n < 40; n++) expect(await idsOf(tl, `number${900 + n}`)).toEqual([`item_${900 + n}`])
})

test('what it starts from is the snapshot, if it is one of this record and whole', async () => {
  {
    await using tl = await open({ store })
    await fill(tl)
    await idsOf(tl, 'vendor')
  }
  expect(existsSync(snapshot())).toBe(true)
  const kept = readFileSync(snapshot())
  for (const bytes of [
    kept,
    kept.subarray(0, 1000),
    Buffer.from('x'),
    Buffer.concat([kept, Buffer.from('x')]),
  ]) {
    writeFileSync(snapshot(), bytes)
    await using tl = await open({ store })
    expect(await idsOf(tl, 'number77')).toEqual(['item_77'])
  }
  const foreign = join(folder, 'other.db')
  await using other = await open({ store: foreign })
  copyFileSync(snapshot(), `${foreign}-recall`)
  await fill(other, 3000)
  expect(await idsOf(other, 'number3001')).toEqual(['item_3001'])
  expect(await idsOf(other, 'number77')).toEqual([])
})

test('what was erased is not in the snapshot, whoever erased it, and nothing half written is left', async () => {
  const tl = await open({ store })
  await fill(tl)
  const { id } = await tl.memory.remember({
    kind: 'fact',
    subject: 'zanzibar',
    statement: 'A quuxotic zebra',
  })
  expect(await idsOf(tl, 'quuxotic')).toEqual([id])
  await tl.close()
  expect(readFileSync(snapshot()).includes('quuxot')).toBe(true)
  writeFileSync(`${snapshot()}.99999`, 'quuxotic, by a process that was killed')

  await using again = await open({ store })
  expect(await idsOf(again, 'quuxotic')).toEqual([id])
  await recallOf(again.log).forget([id])
  expect(existsSync(`${snapshot()}.99999`)).toBe(false)
  for (const word of ['quuxot', 'zanzibar', 'zebra', id])
    expect(readFileSync(snapshot()).includes(word)).toBe(false)
  expect(await idsOf(again, 'quuxotic')).toEqual([])
  expect(await idsOf(again, 'number77')).toEqual(['item_77'])
})

test('where nothing was asked yet, forgetting takes the snapshot away', async () => {
  {
    await using tl = await open({ store })
    await fill(tl)
    await idsOf(tl, 'vendor')
  }
  await using tl = await open({ store, worker: false })
  await recallOf(tl.log).forget(['item_77'])
  expect(existsSync(snapshot())).toBe(false)
})

test('closing does not wait for an index that is being made, and what was read of it is kept', async () => {
  const tl = await open({ store })
  await fill(tl, 0, 12_000)
  const asked = tl.memory.recall({ query: 'number77' }).catch((error: { code?: string }) => error.code)
  await tl.close()
  await asked
  await using again = await open({ store })
  expect(await idsOf(again, 'number11999')).toEqual(['item_11999'])
})

const options = () => ({
  reader: { module: new URL('../app/reader.ts', import.meta.url).href, store },
  page: 100,
})
const ask = { text: 'number77', filter: { now: 0 }, limit: 3 }

test('a thread that cannot go on refuses what it was asked, and another answers', async () => {
  await using tl = await open({ store })
  await fill(tl)
  const broken = new ReaderThread(
    { ...options(), reader: { ...options().reader, module: 'file:///nowhere.ts' } },
    async () => [],
  )
  await expect(broken.search(ask)).rejects.toThrow()
  expect(broken.isOver).toBe(true)
  await broken.close()
  const whole = new ReaderThread(options(), async () => [])
  expect((await whole.search(ask)).map(({ id }) => id)).toEqual(['item_77'])
  await whole.close()
  await expect(whole.search(ask)).rejects.toThrow()
})

test('a store that is damaged under it is said in our words', async () => {
  await using tl = await open({ store })
  await fill(tl)
  const missing = new ReaderThread(
    { ...options(), reader: { ...options().reader, store: join(folder, 'no.db') } },
    async () => [],
  )
  await expect(missing.search(ask)).rejects.toThrow()
  await missing.close()
})

/** A module that ends the thread that loads it, the first so many times. */
function deadly(times: number): string {
  const [file, count] = [join(folder, 'deadly.mjs'), join(folder, 'count')]
  writeFileSync(count, '')
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync } from 'node:fs'
    appendFileSync(${JSON.stringify(count)}, 'x')
    if (readFileSync(${JSON.stringify(count)}).length <= ${times}) process.exit(1)
    export { openReader } from ${JSON.stringify(options().reader.module)}`,
  )
  return pathToFileURL(file).href
}

test('a thread that dies is replaced; when that dies too, it is said', async () => {
  await using tl = await open({ store })
  await fill(tl)
  const once = serveRecall(tl.log, { reader: { store, module: deadly(1) } })
  expect(await idsOf(tl, 'number77')).toEqual(['item_77'])
  await once()
  const again = serveRecall(tl.log, { reader: { store, module: deadly(3) } })
  await expect(idsOf(tl, 'number77')).rejects.toMatchObject({ code: 'recall_unavailable', retryable: true })
  expect(await idsOf(tl, 'number78')).toEqual(['item_78'])
  await again()
})

test('a read-only store is read, and nothing is written beside it', async () => {
  {
    await using tl = await open({ store })
    await fill(tl)
  }
  await using tl = await open({ store, isReadOnly: true })
  expect(await idsOf(tl, 'number77')).toEqual(['item_77'])
  await tl.close()
  expect(existsSync(snapshot())).toBe(false)
})
