/** What is opened by mistake is refused in one sentence, and is afterwards what it was before, byte for byte. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { open } from 'throughline'
import { folderFor, record } from './recorded.ts'

async function refused(
  store: string,
  options: { readonly isReadOnly?: boolean; readonly mustExist?: boolean } = {},
) {
  const before = existsSync(store) ? readFileSync(store) : undefined
  const error = await open({ store, ...options }).then(
    async (tl) => {
      await tl.close()
      throw new Error(`${store} was opened.`)
    },
    (thrown: unknown) => thrown,
  )
  expect(existsSync(store) ? readFileSync(store) : undefined).toEqual(before)
  // A connection that only reads cannot take away the empty log that SQLite makes beside a file in WAL mode.
  if (!options.isReadOnly) expect(existsSync(`${store}-wal`)).toBe(false)
  return error
}

for (const journal of ['DELETE', 'WAL']) {
  test(`the database of another program (${journal}) stays untouched`, async () => {
    const file = join(folderFor(), 'contacts.db')
    const db = new DatabaseSync(file)
    db.exec(
      `PRAGMA journal_mode = ${journal}; CREATE TABLE contacts (name TEXT); INSERT INTO contacts VALUES ('Ada')`,
    )
    db.close()
    for (const isReadOnly of [false, true]) {
      expect(await refused(file, { isReadOnly })).toMatchObject({
        code: 'foreign_store',
        message: expect.stringContaining(file),
      })
    }
  })
}

test('the database of a program that says what it is stays untouched', async () => {
  const file = join(folderFor(), 'map.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA application_id = 0x47504b47; PRAGMA user_version = 1; CREATE TABLE map (x REAL)')
  db.close()
  expect(await refused(file)).toMatchObject({ code: 'foreign_store' })
})

test('a text file is no store', async () => {
  const file = join(folderFor(), 'notes.txt')
  writeFileSync(file, 'Remember the milk.\n'.repeat(1000))
  expect(await refused(file)).toMatchObject({
    code: 'foreign_store',
    message: expect.stringContaining('not a database'),
  })
  writeFileSync(file, 'short')
  expect(await refused(file)).toMatchObject({ code: 'foreign_store' })
})

test('a store written by a newer program is refused, and named by its schema', async () => {
  const file = join(folderFor(), 'store.db')
  await record(file)
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  for (const isReadOnly of [false, true]) {
    expect(await refused(file, { isReadOnly })).toMatchObject({
      code: 'store_newer',
      data: { store: file, found: 99 },
    })
  }
})

test('a newer schema that is still in the write-ahead log is refused too', async () => {
  const file = join(folderFor(), 'store.db')
  await record(file)
  using db = new DatabaseSync(file)
  db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99')
  await expect(open({ store: file })).rejects.toMatchObject({ code: 'store_newer' })
})

test('a folder, and a file that should be there and is not, are named', async () => {
  const folder = folderFor()
  mkdirSync(join(folder, 'sub'))
  await expect(open({ store: join(folder, 'sub') })).rejects.toMatchObject({
    code: 'store_missing',
    message: expect.stringContaining('a folder'),
  })
  for (const options of [{ mustExist: true }, { isReadOnly: true }]) {
    expect(await refused(join(folder, 'none.db'), options)).toMatchObject({
      code: 'store_missing',
      message: expect.stringContaining('none.db'),
    })
  }
  await expect(open({ store: join(folder, 'no', 'such', 'folder', 'store.db') })).rejects.toMatchObject({
    name: expect.stringMatching(/Store/),
    message: expect.stringContaining('folder'),
  })
  await expect(open({ store: 'mysql://there' })).rejects.toMatchObject({ code: 'bad_store' })
})

test('an empty file becomes a store', async () => {
  const file = join(folderFor(), 'empty.db')
  writeFileSync(file, '')
  await record(file)
  await using tl = await open({ store: file })
  expect((await tl.verify()).breaks).toEqual([])
})

test('a file whose schema was made half, before a crash, is made whole', async () => {
  // Version 0 with our mark: as every older schema, it is brought forward, in one transaction.
  const file = join(folderFor(), 'old.db')
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA application_id = ${0x54484c4e}`)
  db.close()
  await record(file)
  await using tl = await open({ store: file, isReadOnly: true })
  expect((await tl.verify()).events).toBeGreaterThan(20)
})
