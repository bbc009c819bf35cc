import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fused } from './fusion.ts'
import { Catalogue, loadMeaning, quantised, restored, saved, SnapshotRefused } from './index.ts'

const meaning = loadMeaning()
const label = { version: 1, kind: 'fact', status: 'active', scope: '', subject: 'x', endsAt: Infinity }
const texts = {
  lawyer: 'The attorney wants the contract signed by both companies',
  doctor: 'The hospital sends the physician to every patient',
  cargo: 'The ship carries freight across the ocean',
}

function filled(sense: ConstructorParameters<typeof Catalogue>[0] = meaning): Catalogue {
  const catalogue = new Catalogue(sense)
  for (const [id, statement] of Object.entries(texts))
    catalogue.put({ doc: { id, subject: 'note', statement }, label: { ...label, subject: id } })
  return catalogue
}
const ask = (catalogue: Catalogue, text: string, filter = {}) =>
  catalogue.search({ text, filter: { now: 5, ...filter }, limit: 10 }).map(({ id }) => id)

test('what says it in other words is found, and says how near it is', () => {
  const [first] = filled().search({ text: 'nurse medicine clinic', filter: { now: 0 }, limit: 10 })
  expect(first?.id).toBe('doctor')
  expect(first?.why.terms).toEqual([
    { term: 'nurse medicine clinic', field: 'statement', near: expect.closeTo(0.8, 0) as number },
  ])
})

test('what has a word of the question comes before what is only near it', () => {
  const catalogue = filled()
  catalogue.put({ doc: { id: 'word', subject: 'clinic', statement: 'Nothing else' }, label })
  expect(ask(catalogue, 'nurse medicine clinic').slice(0, 2)).toEqual(['word', 'doctor'])
})

test('filters hold for meaning too', () => {
  const catalogue = filled()
  expect(ask(catalogue, 'nurse medicine clinic', { statuses: ['withdrawn'] })).toEqual([])
  expect(ask(catalogue, 'nurse medicine clinic', { subject: 'cargo' })).toEqual([])
  expect(ask(catalogue, 'nurse medicine clinic', { kinds: ['fact'], scopes: [''] })).toContain('doctor')
})

test('the first three by words stay, and nothing with a word is behind what has none', () => {
  const ranked = fc
    .uniqueArray(fc.nat(40), { maxLength: 30 })
    .map((docs) => docs.map((doc) => ({ doc, id: `i${doc}`, score: 1 })))
  fc.assert(
    fc.property(ranked, ranked, (byWords, byMeaning) => {
      const all = fused(byWords, byMeaning, 100).map(({ doc }) => doc)
      const words = byWords.map(({ doc }) => doc)
      expect(all.slice(0, Math.min(3, words.length))).toEqual(words.slice(0, 3))
      expect(new Set(all.slice(0, words.length))).toEqual(new Set(words))
      expect(new Set(all)).toEqual(new Set([...words, ...byMeaning.map(({ doc }) => doc)]))
    }),
  )
})

const seen = { position: 7, hash: 'abc' }
const bytesOf = (catalogue: Catalogue) => Buffer.concat(saved(catalogue, seen))

test('a catalogue read back answers as before, and knows how far it is', () => {
  const before = filled()
  before.remove('lawyer')
  const again = restored(bytesOf(before), meaning)
  expect(again.seen).toEqual(seen)
  for (const text of ['nurse medicine', 'ship', 'contract', 'freigth'])
    expect(again.catalogue.search({ text, filter: { now: 0 }, limit: 5 })).toEqual(
      before.search({ text, filter: { now: 0 }, limit: 5 }),
    )
  expect(ask(again.catalogue, 'ship', { subject: 'doctor' })).toEqual([])
})

test('nothing of an item that was taken out is in the bytes, and no vector of it', () => {
  const catalogue = filled()
  const put = (id: string, scope: string) =>
    catalogue.put({
      doc: { id, subject: 'zanzibar', statement: 'The quuxotic zebra' },
      label: { ...label, scope },
    })
  put('gone', 'dept/zanzibar')
  expect(bytesOf(catalogue).includes('zanzibar')).toBe(true)
  catalogue.remove('gone')
  const bytes = bytesOf(catalogue)
  for (const text of ['zanzibar', 'quuxot', 'zebra', 'gone']) expect(bytes.includes(text)).toBe(false)
  expect(Buffer.compare(bytes, bytesOf(filled()))).toBe(0)
})

test('damage, another version and vectors of another table are refused', () => {
  const bytes = bytesOf(filled())
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ change
      expect(() => restored(damaged, meaning)).toThrow(SnapshotRefused)
    }),
  )
  for (const length of [0, 15, 16, 100, bytes.length - 1])
    expect(() => restored(bytes.subarray(0, length), meaning)).toThrow(SnapshotRefused)
  expect(() => restored(bytes, { name: 'model a/b' })).toThrow(/vectors of words \d+, not of model a\/b/)
})

test('vectors of a model come later, of the version they are of, and of any length', () => {
  const catalogue = filled({ name: 'model a/b' })
  expect(catalogue.meaningless().map(({ id }) => id)).toEqual(Object.keys(texts))
  const half = (first: number) =>
    quantised(Array.from({ length: 64 }, (_, i) => (i < 32 ? first : 1 - first)))
  const [east, north] = [half(1), half(0)]
  if (!east || !north) throw new Error('Vectors that are not nought can be quantised.')
  catalogue.means('cargo', 1, east)
  catalogue.means('doctor', 2, east) // of a version it does not have
  const near = (vector: Int8Array) =>
    catalogue.search({ text: 'zzz', filter: { now: 0 }, limit: 5, vector }).map(({ id }) => id)
  expect(near(east)).toEqual(['cargo'])
  expect(near(north)).toEqual([])
  expect(near(Int8Array.of(1, 2))).toEqual([]) // of another model
  const again = restored(bytesOf(catalogue), { name: 'model a/b' }).catalogue
  expect(again.meaningless().map(({ id }) => id)).toEqual(['lawyer', 'doctor'])
  expect(
    again.search({ text: 'zzz', filter: { now: 0 }, limit: 5, vector: east }).map(({ id }) => id),
  ).toEqual(['cargo'])
})
