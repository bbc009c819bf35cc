import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'throughline'
import { testbed } from 'throughline/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { putDown, THREE_WEEKS_MS } from './day-one.ts'
import { officeMove } from './move.ts'

const project = join(import.meta.dirname, '../..')
let folder = ''
let store = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assistant-'))
  store = `file:${join(folder, 'assistant.db')}`
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Said {
  readonly exitCode: number
  readonly text: string
}

/** A line for a shell, with the command line of these sources as `npx throughline`. */
function typed(line: string): Promise<Said> {
  const bin = join(project, 'src/cli/bin.ts')
  const shell = `npx() { shift; '${process.execPath}' --conditions=throughline-source '${bin}' "$@"; }\n${line}`
  const env = { ...process.env, THROUGHLINE_STORE: store }
  return new Promise((resolve) =>
    execFile('bash', ['-c', shell], { env, cwd: project, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({
        exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
        text: `${stdout}${stderr}`,
      }),
    ),
  )
}

test('three weeks later the brief says where it stood, why, and what is promised to whom', async () => {
  const { thread, run } = await putDown(store)
  const tl = await open({ store, worker: false })
  const before = Date.now() - THREE_WEEKS_MS
  for (const { recordedAt } of await tl.threads.history(thread))
    expect(Math.abs(recordedAt.getTime() - before)).toBeLessThan(60_000)
  await tl.close()

  const { text } = await typed(`npx throughline brief ${thread} --for me`)
  const of = (title: string) => text.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  expect(of('Goal')).toMatch(/Move the office[^]*parked until \d{4}-.*: The landlord is away/)
  expect(of('Done')).toContain('Choose a mover (cedar, if the lift may be used)')
  expect(of('What remains')).toContain('Waits for the message "lift"')
  expect(of('Decisions that hold')).toContain('The cheapest with insurance; 180 less than alder')
  expect(of('Decisions that hold')).toContain('reopen if the goods lift is refused')
  const promised = of('Promised').trim().split('\n')
  expect(promised.map((line) => /^- (\w+): .* Due (\S+)/.exec(line)?.slice(1))).toEqual(
    (
      [
        ['landlord', 28],
        ['caretaker', 35],
        ['team', 42],
      ] as const
    ).map(([whom, days]) => [whom, new Date(before + days * 86_400_000).toISOString().slice(0, 10)]),
  )
  expect(of('First safe action')).toContain(`throughline signal ${run} 'lift'`)
})

test('the commands of the README do what it says, followed to the letter', { timeout: 120_000 }, async () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const lines = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  )
  expect(lines).toHaveLength(14)
  const said: Said[] = []
  /** What an earlier command has printed, in the place of what ends in "…". */
  const filled = (line: string): string => {
    const printed = said.map(({ text }) => text).join('\n')
    const last = (shape: RegExp) => [...printed.matchAll(shape)].at(-1)?.[1] ?? 'none'
    return line
      .replace('thr_…', last(/(thr_\w+)/g))
      .replace('run_…', last(/(run_\w+)/g))
      .replace('item_…', last(/caretaker: .*\[(item_\w+) v1\]/g))
      .replace('brief_… --digest …', last(/(brief_\w+ --digest \w+)/g))
  }
  for (const line of lines.filter((one) => one.startsWith('npx'))) {
    const answer = await typed(filled(line))
    expect(answer, `${line}\n${answer.text}`).toMatchObject({ exitCode: 0 })
    said.push(answer)
  }
  const all = said.map(({ text }) => text)
  expect(all[4]).toMatch(/parked {2}Move the office .*waiting on the landlord/)
  expect(all[9]).toContain('we take your offer of 960 for 12 desks, with the goods lift')
  expect(all[11]).toContain('## Changed since me acknowledged')
  expect(all[11]).toContain('commitment fulfilled: Bring the caretaker the old keys (Brought on Friday)')
  expect((await typed('npx throughline threads list')).text).toContain('No threads here')
})

test('three weeks of simulated time and a crash later, a refused lift books the other insured mover', async () => {
  const bed = await testbed({ tasks: [officeMove] })
  const { id } = await bed.start(officeMove, { desks: 12 }, { scope: 'office' })
  await bed.clock.advance('21d')
  await bed.crash()
  const run = await bed.run(id)
  await run.signal('lift', { granted: false })
  await bed.settle()
  // birch would cost 1120; it is not insured.
  expect(await run.result()).toMatchObject({ mover: 'alder', price: 1740, lift: false })
  await bed.close()
})

test('the decision against the uninsured one is enforced where a mover is booked', async () => {
  const bed = await testbed({ tasks: [officeMove] })
  const { id } = await bed.start(officeMove, { desks: 12 }, { scope: 'office' })
  await bed.settle()
  await bed.tl.memory.decide({
    subject: 'mover:cedar',
    choice: 'not booked',
    because: 'It has gone out of business',
    scope: 'office',
    rule: { target: 'booking', forbid: "value.mover == 'cedar'" },
  })
  const run = await bed.run(id)
  await run.signal('lift', { granted: true })
  await bed.settle()
  await expect(run.result()).rejects.toThrow(/gone out of business/)
  await bed.close()
})
