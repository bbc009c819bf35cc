import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { open, type Throughline } from 'throughline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { believedOn, liveAbout, successionOf, type Succession } from './ask.ts'
import { numberOf } from './decision.ts'
import { everyDecision, importRegister, REPLACEMENTS } from './import.ts'
import { measure } from './measure.ts'
import { readRegister, replacementsIn } from './register.ts'

const register = readRegister()
const folder = mkdtempSync(join(tmpdir(), 'decision-register-'))
const store = `file:${join(folder, 'register.db')}`
let tl: Throughline
let added = 0

beforeAll(async () => {
  const start = join(import.meta.dirname, 'start.ts')
  const args = ['--conditions=throughline-source', start, 'live', 'anything', '--store', store]
  const first = spawn(process.execPath, args, { stdio: 'ignore' })
  tl = await open({ store, worker: false })
  while ((await tl.memory.list({ limit: 100 })).items.length < 100) await pause(10)
  first.kill('SIGKILL')
  await once(first, 'exit')
  added = await importRegister(store, register)
})

afterAll(async () => {
  await tl.close()
  rmSync(folder, { recursive: true, force: true })
})

const numbers = (items: readonly Parameters<typeof numberOf>[0][]): number[] => items.map(numberOf)

test('an import that was killed goes on, and another one changes nothing', async () => {
  expect(added).toBeGreaterThan(0)
  expect(added).toBeLessThanOrEqual(603)
  const before = await tl.log.position()
  expect(await importRegister(store, register)).toBe(0)
  expect(await tl.log.position()).toBe(before)
  const all = await everyDecision(tl)
  expect(new Set(numbers(all)).size).toBe(703)
})

test('whatever was replaced is over, and linked by what replaced it', async () => {
  const all = new Map((await everyDecision(tl)).map((item) => [numberOf(item), item]))
  const pairs = replacementsIn(register)
  expect(pairs).toHaveLength(41)
  const stillLive = pairs.filter(({ old }) => ['active', 'proposed'].includes(all.get(old)?.status ?? ''))
  expect(stillLive).toEqual([])
  const unlinked = pairs.filter(
    ({ by, old }) =>
      // Of the one pair whose new decision is the older, the end says so.
      register.findIndex(({ pep }) => pep === by) > register.findIndex(({ pep }) => pep === old) &&
      !all.get(by)?.links.some(({ type, to }) => REPLACEMENTS.includes(type) && to === all.get(old)?.id),
  )
  expect(unlinked).toEqual([])
  expect(all.get(631)?.change?.because).toBe('Replaced by PEP 621')
})

test('what is live about something leaves out what was replaced', async () => {
  const found = numbers((await liveAbout(tl, 'evaluation of annotations')).map(({ item }) => item))
  expect(found).toContain(649)
  expect(found).not.toContain(563)
})

test('what replaced something is told to the end of the chain, by number and by words', async () => {
  const shape = ({ item, by }: Succession): unknown => [numberOf(item), ...by.map(shape)]
  const first = await successionOf(tl, 'PEP 241')
  expect(first && shape(first)).toEqual([241, [314, [345, [426, [566]], [566]]]])
  const second = await successionOf(tl, 'enumerations')
  expect(second && shape(second)).toEqual([354, [435]])
  expect(second?.by[0]?.item.because).toMatch(/enumeration/i)
  expect(await successionOf(tl, '999999')).toBeUndefined()
})

test('what was believed on a day is told as it stood, with what has become of it', async () => {
  const find = async (day: string) =>
    (await believedOn(tl, new Date(day), 'postponed evaluation of annotations')).find(
      ({ then }) => numberOf(then) === 563,
    )
  expect(await find('2017-09-01')).toBeUndefined() // it was proposed a week later
  const in2019 = await find('2019-01-01')
  expect(in2019).toMatchObject({ then: { status: 'active' }, now: { status: 'superseded' } })
  expect(in2019?.replacedBy && numberOf(in2019.replacedBy)).toBe(649)
  expect(await find('2022-01-01')).toBeUndefined() // replaced in January 2021
})

test('a replaced decision is found from the new one, without anybody having said that it was replaced', async () => {
  const findings = await measure(register)
  const found = Object.fromEntries(
    findings.map(({ asked, engine, inTen, first }) => [`${asked}, ${engine}`, { inTen, first }]),
  )
  expect(found['its title, recall']?.inTen).toBeGreaterThanOrEqual(37)
  expect(found['all it says, recall']?.inTen).toBeGreaterThanOrEqual(39)
  for (const asked of ['its title', 'all it says'])
    expect(found[`${asked}, recall`]?.first).toBeGreaterThanOrEqual(
      found[`${asked}, plain BM25`]?.first ?? Number.NaN,
    )
})
