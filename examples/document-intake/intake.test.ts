import { spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { open, type Throughline } from 'throughline'
import { modelFromEnvironment, type FoundModel } from 'throughline/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Filed } from './entry.ts'
import { intake } from './intake.ts'
import { mistakeOf, type Mistake } from './mistakes.ts'
import { standIn } from './stand-in.ts'

const project = join(import.meta.dirname, '../..')
let root = ''
let clerk: FoundModel
beforeAll(async () => {
  clerk = await modelFromEnvironment({}, { script: standIn })
})
afterAll(() => clerk.close())
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'intake-'))
  mkdirSync(join(root, 'in'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const opened = (store = 'memory:') => open({ store, tasks: [intake], models: { clerk: clerk.model } })
const input = () => ({ folder: join(root, 'in'), to: join(root, 'out') })
const put = (name: string, text: string) => writeFileSync(join(root, 'in', name), text)

/** A name of a document about which the stand-in makes this mistake. */
function nameFor(mistake: Mistake, begin: string): string {
  for (let n = 0; ; n++) if (mistakeOf(`${begin}-${n}.md`) === mistake) return `${begin}-${n}.md`
}

function filing(): { readonly file: string; readonly entry: Filed; readonly inode: number }[] {
  const out = join(root, 'out')
  return readdirSync(out, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      file: name,
      entry: Filed.parse(JSON.parse(readFileSync(join(out, name), 'utf8'))),
      inode: statSync(join(out, name)).ino,
    }))
}

const entryOf = (path: string) => filing().find(({ entry }) => entry.path === path)?.entry

/** The first question there is, when so many are open. */
async function asked(tl: Throughline, count = 1) {
  for (;;) {
    const { questions } = await tl.inbox.list({ to: 'ada' })
    const [question] = questions
    if (question && questions.length === count) return question
    await pause(10)
  }
}

async function kindsOf(tl: Throughline, id: string): Promise<string[]> {
  return (await Array.fromAsync(tl.history(id))).map(({ kind }) => kind)
}

const MIT = readFileSync(join(project, 'node_modules/zod/LICENSE'), 'utf8')
const GUIDE =
  '# Sorting post\n\nLetters are sorted by colour before they are read.\n\n## How\n\n```\nsort\n```\n'

test('what the checks refuse is corrected once, or set aside; what is not filed is found', async () => {
  const wrong = nameFor('wrong licence', 'LICENSE')
  const title = nameFor('wrong title', 'guide')
  const late = nameFor('not filed', 'guide')
  const never = nameFor('never filed', 'guide')
  const broken = nameFor('broken', 'guide')
  const strange = nameFor(undefined, 'LICENSE-own')
  put(wrong, MIT)
  for (const [i, name] of [title, late, never, broken].entries()) put(name, `${GUIDE}\nNumber ${i}.\n`)
  put(strange, '# Our licence\n\nUnder the MIT terms, more or less, ask us first.\n')

  const tl = await opened()
  const run = await tl.start(intake, input())
  expect((await run.result()).total).toEqual({ documents: 6, corrected: 2, review: 2, copies: 0 })
  expect(entryOf(wrong)).toMatchObject({ pile: 'filed', licence: 'MIT', corrections: 1 })
  expect(entryOf(title)).toMatchObject({ pile: 'filed', title: 'Sorting post', corrections: 1 })
  expect(entryOf(late)).toMatchObject({ pile: 'filed', kind: 'guide', corrections: 0 })
  expect(entryOf(broken)).toMatchObject({ pile: 'filed', corrections: 0 })
  expect(entryOf(never)).toMatchObject({ pile: 'review', findings: ['The model did not file it.'] })
  expect(entryOf(strange)).toMatchObject({ pile: 'review', licence: 'MIT', corrections: 1 })
  expect(entryOf(strange)?.findings.join()).toContain('cannot be confirmed')
  const { modes } = await tl.failures({ run: run.id })
  const met = Object.fromEntries(modes.filter(({ met }) => met > 0).map(({ mode, met }) => [mode, met]))
  expect(met).toEqual({ wrong_tool: 3, repetition: 1, malformed_output: 3, premature_end: 1 })
  await tl.close()
})

test('what is filed already is not read again; what changed takes the place of what was', async () => {
  put('a.md', GUIDE)
  put('b.md', GUIDE)
  const tl = await opened()
  expect((await (await tl.start(intake, input())).result()).kinds).toMatchObject({ guide: { documents: 2 } })
  const again = await tl.start(intake, input())
  await again.result()
  expect((await kindsOf(tl, again.id)).filter((kind) => kind === 'model.answered')).toEqual([])
  put('b.md', `${GUIDE}\nAnd then by size.\n`)
  await (await tl.start(intake, input())).result()
  expect(filing().map(({ entry }) => entry.path)).toEqual(['a.md', 'b.md'])
  await tl.close()
})

test('an entry that is lost from the filing is a failure, not a smaller report', async () => {
  const never = nameFor('never filed', 'guide')
  put(never, GUIDE)
  put('a.md', `${GUIDE}\nNumber 2.\n`)
  const tl = await opened()
  const run = await tl.start(intake, { ...input(), person: 'ada' })
  const question = await asked(tl)
  for (const { file, entry } of filing()) if (entry.path === 'a.md') rmSync(join(root, 'out', file))
  await tl.inbox.answer(question.id, 'guide', { by: 'ada' })
  await expect(run.result()).rejects.toThrow(/not once in the filing: a\.md/)
  await tl.close()
})

test('a person decides about what could not be filed, where one is there', async () => {
  const never = nameFor('never filed', 'guide')
  const strange = nameFor(undefined, 'LICENSE-own')
  put(never, GUIDE)
  put(strange, '# Our licence\n\nUnder the MIT terms, more or less, ask us first.\n')
  const tl = await opened()
  const run = await tl.start(intake, { ...input(), person: 'ada' })
  for (const left of [2, 1]) {
    const { id, question } = await asked(tl, left)
    await tl.inbox.answer(id, question === `What is ${never}?` ? 'guide' : 'licence', { by: 'ada' })
  }
  expect((await run.result()).total).toMatchObject({ documents: 2, review: 0 })
  expect(entryOf(never)).toMatchObject({ pile: 'filed', kind: 'guide', by: 'ada' })
  // A kind is no word on the licence that could not be confirmed.
  expect(entryOf(strange)).toMatchObject({
    kind: 'licence',
    title: 'Our licence',
    findings: [expect.stringContaining('cannot be confirmed')],
  })
  expect(entryOf(strange)?.licence).toBeUndefined()
  await tl.close()
})

test('the README says what the boundary says', async () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const tl = await opened()
  const { lines } = await tl.boundary(intake)
  for (const { sentence } of lines) expect(readme).toContain(`\n${sentence}\n`)
  await tl.close()
})

test('killed three times in the middle, it goes on, asks nothing twice and files nothing twice', async () => {
  const packages = readdirSync(join(project, 'node_modules')).filter((name) => /^[a-z]/.test(name))
  for (const name of packages.slice(0, 60)) {
    const licence = ['LICENSE', 'license', 'LICENSE.md'].map((one) =>
      join(project, 'node_modules', name, one),
    )
    for (const path of licence)
      if (statSync(path, { throwIfNoEntry: false }))
        copyFileSync(path, join(root, 'in', `LICENSE-${name}.md`))
  }
  const documents = readdirSync(join(root, 'in'))
  expect(documents.length).toBeGreaterThan(30)
  const store = `file:${join(root, 'record.db')}`
  const args = ['--conditions=throughline-source', join(import.meta.dirname, 'start.ts'), join(root, 'in')]
  const start = () =>
    spawn(process.execPath, [...args, '--to', join(root, 'out'), '--store', store], {
      env: bare(),
      stdio: 'ignore',
    })
  const lying = () => (statSync(join(root, 'out'), { throwIfNoEntry: false }) ? filing() : [])

  const kept = new Map<string, number>()
  for (const enough of [4, 14, 24]) {
    const child = start()
    const ended = new Promise((resolve) => child.once('exit', resolve))
    while (lying().length < enough && child.exitCode === null) await pause(5)
    child.kill('SIGKILL')
    await ended
    expect(child.signalCode).toBe('SIGKILL')
    for (const { file, inode } of filing()) {
      expect(kept.get(file) ?? inode).toBe(inode)
      kept.set(file, inode)
    }
  }
  expect(await new Promise((resolve) => start().once('exit', resolve))).toBe(0)

  expect(
    filing()
      .map(({ entry }) => entry.path)
      .sort(),
  ).toEqual(documents.sort())
  for (const { file, inode } of filing()) expect(kept.get(file) ?? inode).toBe(inode)
  const tl = await open({ store, worker: false })
  const { runs } = await tl.runs.list({ task: intake.name })
  expect(runs.map(({ status }) => status)).toEqual(['done'])
  const answers = (await Array.fromAsync(tl.history(runs[0]?.id ?? ''))).filter(
    ({ kind }) => kind === 'model.answered' || kind === 'tool.returned',
  )
  expect(new Set(answers.map(({ name, ordinal }) => `${name}#${ordinal}`)).size).toBe(answers.length)
  expect((await tl.verify()).breaks).toEqual([])
  await tl.close()
})

/** Without a key or an address of a model: the rules answer, whatever the machine has. */
function bare(): NodeJS.ProcessEnv {
  const {
    THROUGHLINE_MODEL_URL: _,
    ANTHROPIC_API_KEY: _a,
    OPENAI_API_KEY: _o,
    OLLAMA_HOST: _h,
    ...rest
  } = process.env
  return rest
}
