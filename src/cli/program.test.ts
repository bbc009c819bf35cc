/** The command line as it is used: real processes, real stores, real files of tasks. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test as base } from 'vitest'

const test = base.concurrent
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

const TASKS = `
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from ${JSON.stringify(source('../index.ts'))}
import { z } from ${JSON.stringify(source('../../node_modules/zod/index.js'))}

const child = task({ name: 'child', run: (ctx) => ctx.map('part', Array.from({ length: 12 }, (_, i) => 'p' + i), (b, p) => b.step('do', () => p), { key: (p) => p }) })
export const greet = task({ name: 'greet', input: z.object({ who: z.string().default('world') }), async run(ctx, { who }) {
  console.log('printed by the task')
  return ctx.step('compose', () => 'Hello ' + who)
} })
export const approval = task({ name: 'approval', async run(ctx) {
  await ctx.step('prepare', () => 1)
  const answer = await ctx.wait('ok', { schema: z.object({ approved: z.boolean() }) })
  const race = await ctx.race({ quick: (b) => b.sleep('nap', 5), slow: (b) => b.wait('never') })
  await ctx.call(child, {})
  return { answer, winner: race.winner }
} })
export const broken = task({ name: 'broken', async run(ctx) { await ctx.step('look', () => { throw new TypeError('no such vendor') }) } })
export const once = task({ name: 'once', run: (ctx) => ctx.step('charge', () => { throw new Error('connection lost') }, { effect: 'once' }) })
export const slow = task({ name: 'slow', async run(ctx) {
  for (let i = 0; i < 100; i++) {
    await ctx.step('work:' + i, async () => { if (!existsSync(import.meta.dirname + '/hurry')) await pause(50) })
    ctx.progress({ done: i + 1, total: 100 })
  }
  return 'worked'
} })
export const tasks = [child]
`

interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A folder with a file of tasks, and the command line run in it. */
function workplace() {
  const cwd = mkdtempSync(join(tmpdir(), 'throughline-cli-'))
  folders.push(cwd)
  writeFileSync(join(cwd, 'tasks.ts'), TASKS)
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, ['--conditions=throughline-source', source('bin.ts'), ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, THROUGHLINE_STORE: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const tl = async (...args: string[]): Promise<Finished> => finished(start(...args))
  const json = async (...args: string[]) => JSON.parse((await tl(...args, '--json')).out)
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
  return { cwd, start, tl, json, write }
}

async function finished(child: ChildProcess): Promise<Finished> {
  const text = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text.out += part))
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (text.err += part))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...text }
}

/** Resolves when a process has said something of the kind. */
function said(child: ChildProcess, what: RegExp): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const found = what.exec(text)
      if (found) resolve(found[0])
    })
  })
}

const runIn = (text: string): string => /run_[0-9a-z]{26}/.exec(text)?.[0] ?? 'no run id'

describe('run', () => {
  test('prints the run id at once on stderr, and nothing but the output on stdout', async () => {
    const { tl } = workplace()
    const run = await tl('run', 'tasks.ts', '--task', 'greet', '--input', '{"who":"Ada"}')
    expect(run).toMatchObject({ code: 0, out: '"Hello Ada"\n' })
    expect(run.err).toMatch(/^run_\w+ {2}greet\n/)
    expect(run.err).toContain('printed by the task')
  })

  test('reads its input from a file, and gives the same run for the same key', async () => {
    const { tl, json, write } = workplace()
    write('input.json', '{"who":"Grace"}')
    const args = ['run', 'tasks.ts', '--task', 'greet', '--input', '@input.json', '--key', 'k']
    const first = await json(...args)
    expect(first).toMatchObject({ status: 'done', output: 'Hello Grace' })
    expect(await json(...args)).toEqual(first)
    const other = await tl('run', 'tasks.ts', '--task', 'greet', '--key', 'k')
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('key_reused') })
  })

  test('a failed run exits with 1 and says why, without a stack trace', async () => {
    const { tl } = workplace()
    const run = await tl('run', 'tasks.ts', '--task', 'broken')
    expect(run).toMatchObject({ code: 1, out: '' })
    expect(run.err).toMatch(/run_failed: .*no such vendor/)
    expect(run.err).not.toMatch(/^\s+at /m)
  })

  test.for([
    [['run', 'tasks.ts'], /exports 6 tasks: .*--task/],
    [['run', 'tasks.ts', '--task', 'gret'], /no task "gret"; it has "approval"/],
    [['run', 'empty.ts'], /empty\.ts exports no task/],
    [['run', 'wrong.ts'], /could not be loaded.*line 2 of/],
    [['run', 'enum.ts'], /Node strips types only/],
    [['run', 'tasks.ts', '--task', 'greet', '--input', '{who:1}'], /not JSON at character 2/],
    [
      ['run', 'tasks.ts', '--task', 'greet', '--input', '@none.json'],
      /"none\.json", which cannot be read: no such file/,
    ],
    [['run', 'tasks.ts', '--task', 'greet', '--input', '{"who":1}'], /invalid_input: .*\n {2}who:/],
  ] satisfies [string[], RegExp][])('%j is refused in a sentence, with 2', async ([args, sentence]) => {
    const { cwd, tl, write } = workplace()
    write('empty.ts', 'export const a = 1')
    write('wrong.ts', 'const a = 1\nthis is no code\n')
    write('enum.ts', 'enum A { b }')
    const { code, out, err } = await tl(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(sentence)
    expect(err).toContain('docs/errors/')
    expect(err).not.toMatch(/^\s+at /m)
    if (!args.includes('{"who":1}')) expect(existsSync(join(cwd, 'throughline.db'))).toBe(false)
  })
})

describe('a run that waits', () => {
  test('is left on record with the command that answers it, and goes on once answered', async () => {
    const { tl, json } = workplace()
    const parked = await tl('run', 'tasks.ts', '--task', 'approval')
    const run = runIn(parked.err)
    expect(parked).toMatchObject({ code: 0, out: '' })
    expect(parked.err).toContain(`throughline signal ${run} ok '{"approved":true}'`)

    const refused = await tl('signal', run, 'ok', '{"approved":1}')
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('invalid_payload') })
    const sent = await tl('signal', run, 'ok', '{"approved":true}')
    expect(sent).toMatchObject({ code: 0, err: expect.stringContaining(`throughline resume ${run}`) })

    const resumed = await tl('resume', run, '--follow')
    expect(resumed.code).toBe(0)
    expect(JSON.parse(resumed.out)).toEqual({ answer: { approved: true }, winner: 'quick' })
    expect(resumed.err).toMatch(/✓ ok {2}.*approved[^]*won by quick/)
    expect(resumed.err).not.toContain('throughline signal')

    const shown = (await tl('show', run)).out
    expect(shown).toMatch(
      /approval {2}✓ done[^]*✓ prepare[^]*✓ race .*won by quick\n {2}✓ quick › nap[^]*– slow › never/,
    )
    expect(shown).toMatch(/✓ child .*\n {2}✓ part .*12 × do/)
    expect((await tl('show', run, '--all')).out).toMatch(/✓ p11 › do/)
    expect(await json('show', run)).toMatchObject({
      status: 'done',
      steps: expect.arrayContaining([expect.objectContaining({ kind: 'race', winner: 'quick' })]),
    })
    expect(await tl('verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/every hash fits[^]*digest [0-9a-f]{64}/),
    })
    expect(await tl('doctor')).toMatchObject({ code: 0, out: expect.stringContaining('none under way') })
  })

  test('an effect in doubt is settled by a person', async () => {
    const { tl, json } = workplace()
    const { err, code } = await tl('run', 'tasks.ts', '--task', 'once')
    const run = runIn(err)
    expect(code).toBe(0)
    expect(err).toContain(`throughline resolve ${run} charge --not-done`)
    expect(await tl('doctor')).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not know whether'),
    })
    expect(await tl('resolve', run, 'chrage', '--not-done')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not_in_doubt'),
    })
    expect(await tl('resolve', run, 'charge', '--done', '{"receipt":7}')).toMatchObject({ code: 0 })
    expect(await json('resume', run)).toMatchObject({ status: 'done', output: { receipt: 7 } })
  })

  test('code that no longer fits halts the run; the right code lifts it', async () => {
    const { tl, write } = workplace()
    const parked = await tl('run', 'tasks.ts', '--task', 'approval')
    const run = runIn(parked.err)
    write('tasks.ts', TASKS.replace("ctx.step('prepare', () => 1)", "ctx.sleep('prepare', 1)"))
    const halted = await tl('resume', run)
    expect(halted).toMatchObject({ code: 1, out: '' })
    expect(halted.err).toMatch(/needs a person[^]*halted \(replay_diverged\)/)
    expect(await tl('doctor')).toMatchObject({ code: 1, out: expect.stringContaining('replay_diverged') })
    write('tasks.ts', TASKS.replace("name: 'approval'", "name: 'approval', version: '2'"))
    const unknown = await tl('resume', run)
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('exports no task "approval"') })
    write('tasks.ts', TASKS)
    expect(await tl('resume', run)).toMatchObject({ code: 0, err: expect.stringContaining('is parked') })
  })

  test('is cancelled, forked, exported, imported and pruned', async () => {
    const { cwd, tl, json } = workplace()
    const run = runIn((await tl('run', 'tasks.ts', '--task', 'approval')).err)
    const fork = await tl('fork', run, '--at', 'prepare')
    expect(fork).toMatchObject({ code: 0, out: expect.stringMatching(/^run_\w{26}\n$/) })
    expect(await tl('fork', run, '--at', 'nothing')).toMatchObject({
      code: 2,
      err: expect.stringContaining('fork_point_not_found'),
    })
    expect(await tl('cancel', run, '--reason', 'by mistake')).toMatchObject({ code: 0 })
    const all = await json('resume')
    expect(all.runs).toMatchObject([
      { id: fork.out.trim(), status: 'waiting' },
      { id: run, status: 'cancelled' },
    ])
    expect(await tl('resume', run)).toMatchObject({ code: 1, err: expect.stringContaining('run_cancelled') })

    expect(await tl('export', '--out', 'all.jsonl')).toMatchObject({ code: 0 })
    expect((await tl('export', run)).out.split('\n')[0]).toContain('"throughline":1')
    const imported = await tl('import', 'all.jsonl', '--store', 'other.db')
    expect(imported).toMatchObject({
      code: 0,
      err: expect.stringContaining('throughline resume --file <file> --store other.db'),
    })
    expect(await tl('import', 'tasks.ts', '--store', 'other.db')).toMatchObject({
      code: 2,
      err: expect.stringContaining('bad_import'),
    })
    const [here, there] = [await tl('verify'), await tl('verify', '--store', 'other.db')]
    expect(there.out.split('digest')[1]).toBe(here.out.split('digest')[1])

    expect((await tl('prune', '--before', '0s', '--dry-run')).out).toMatch(/^1 runs .* would go/)
    expect((await tl('prune', '--before', '0s')).out).toMatch(/^Removed 1 runs/)
    expect(await tl('show', run)).toMatchObject({ code: 2, err: expect.stringContaining('run_not_found') })
    expect(await tl('rebuild')).toMatchObject({ code: 0 })
    expect(await tl('verify')).toMatchObject({ code: 0, out: expect.stringContaining('pruned') })
    expect(existsSync(join(cwd, 'all.jsonl'))).toBe(true)
  })
})

describe('interrupted', () => {
  test('by kill -9: show says so, and resume goes on without repeating a step', async () => {
    const { tl, start, write } = workplace()
    const child = start('run', 'tasks.ts', '--task', 'slow', '--follow')
    const run = runIn(await said(child, /run_\w{26}[^]*✓ work:2/))
    child.kill('SIGKILL')
    await finished(child)
    expect((await tl('show', run)).out).toMatch(/▸ running[^]*Interrupted:/)
    expect(await tl('doctor', '--quick')).toMatchObject({
      code: 1,
      out: expect.stringContaining('was interrupted'),
    })
    write('hurry', '')
    const resumed = await tl('resume', run, '--follow')
    expect(resumed).toMatchObject({ code: 0, out: '"worked"\n' })
    expect(resumed.err).not.toMatch(/✓ work:2 /)
    const events = (await tl('history', run, '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.filter(({ kind }) => kind === 'step.completed')).toHaveLength(100)
    expect(events.filter(({ kind }) => kind === 'run.claimed')).toHaveLength(2)
  })

  test('by Ctrl-C: prints the command that resumes, and exits with 130', async () => {
    const { tl, start, write } = workplace()
    const child = start('run', 'tasks.ts', '--task', 'slow', '--follow', '--store', 'my store.db')
    const done = finished(child)
    const run = runIn(await said(child, /run_\w{26}[^]*✓ work:1/))
    child.kill('SIGINT')
    const { code, out, err } = await done
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(err).toContain(`throughline resume ${run} --follow --store 'my store.db'`)
    write('hurry', '')
    expect(await tl('resume', run, '--store', 'my store.db')).toMatchObject({ code: 0, out: '"worked"\n' })
  })

  test('while another process carries the store, run is its client, and takes over when it dies', async () => {
    const { start } = workplace()
    const owner = start('run', 'tasks.ts', '--task', 'slow')
    await said(owner, /run_\w{26}/)
    const client = start('run', 'tasks.ts', '--task', 'greet')
    const text = finished(client)
    await said(client, /Another process carries/)
    owner.kill('SIGKILL')
    expect(await text).toMatchObject({ code: 0, out: '"Hello world"\n' })
  })
})

test('verify names what was tampered with, and exits with 1', async () => {
  const { cwd, tl, json } = workplace()
  const { run } = await json('run', 'tasks.ts', '--task', 'greet')
  const db = new DatabaseSync(join(cwd, 'throughline.db'))
  db.exec(`UPDATE events SET body = CAST('{"v":"Hello Eve"}' AS BLOB) WHERE kind = 'step.completed'`)
  db.close()
  const verdict = await tl('verify')
  expect(verdict).toMatchObject({
    code: 1,
    out: expect.stringContaining(`${run}, event 3: its hash does not fit`),
  })
  expect(await json('verify', run)).toMatchObject({ ok: false, breaks: [{ stream: run, seq: 3 }] })
  expect(await tl('doctor')).toMatchObject({ code: 1, out: expect.stringContaining('do not fit') })
})

test('the database of another program is refused and left as it is', async () => {
  const { cwd, tl } = workplace()
  const file = join(cwd, 'theirs.db')
  new DatabaseSync(file).exec('CREATE TABLE t (a)')
  const digest = () => createHash('sha256').update(readFileSync(file)).digest('hex')
  const before = digest()
  expect(await tl('runs', '--store', 'theirs.db')).toMatchObject({
    code: 2,
    err: expect.stringContaining('foreign_store'),
  })
  expect(await tl('doctor', '--store', 'theirs.db')).toMatchObject({ code: 1 })
  expect(digest()).toBe(before)
})

test('--version answers fast and alone', async () => {
  const { tl } = workplace()
  expect(await tl('--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    err: '',
  })
})
