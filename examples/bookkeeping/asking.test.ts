import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { open, type Throughline } from 'throughline'
import { askColumns, askRows, type Terminal } from './asking.ts'
import { readSheet } from './csv.ts'
import { monthTask } from './month.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Somebody who answers each question with the next of these, and then leaves. */
function somebody(...answers: readonly string[]): Terminal & { readonly seen: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const left = [...answers]
  let seen = ''
  output.on('data', (data: Buffer) => {
    seen += data.toString()
    if (!seen.endsWith(': ')) return
    const next = left.shift()
    if (next === undefined) input.end()
    else input.write(`${next}\n`)
  })
  return { input, output, seen: () => seen }
}

const sheet = readSheet('s.csv', Buffer.from('When,Who,What,Sum\n2025-01-01,Acme,a,1\n2025-01-02,Bolt,b,2\n'))

test('columns are offered as guessed, and taken, changed or left out', async () => {
  const terminal = somebody('', 'Wer', 'Who', '', '', '-', '-', '-')
  expect(await askColumns(sheet, terminal)).toEqual({
    date: 'When',
    payee: 'Who',
    amount: 'Sum',
    context: [],
  })
  expect(terminal.seen()).toContain('There is no column "Wer"')
})

test('whoever leaves in the middle, or leaves out what is needed, is told so', async () => {
  await expect(askColumns(sheet, somebody(''))).rejects.toThrow(/nobody said/)
  await expect(askColumns(sheet, somebody('', '-', '-', '', '-', '-', '-'))).rejects.toThrow(
    /without the payee/,
  )
})

test('rows are answered by number or by name, and what was answered before they left is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bookkeeping-asking-'))
  const file = join(folder, 's.csv')
  writeFileSync(
    file,
    'Date,Payee,Amount\n2025-01-01,Acme,1\n2025-01-02,Bolt,2\n2025-01-03,Acme,3\n2025-01-04,Cole,4\n',
  )
  const tl: Throughline = await open({ store: 'memory:', tasks: [monthTask(() => tl)] })
  const run = await tl.start(
    monthTask(() => tl),
    { file },
    { scope: 'books' },
  )
  const terminal = somebody('Travel', '', '1')
  const answers = await askRows(tl, run, await run.result(), terminal)
  expect(answers).toEqual([
    { row: 0, is: 'Travel' },
    { row: 2, is: 'Travel' },
  ])
  expect(terminal.seen()).toMatch(/1 of 1 .*s:2/)
  await tl.close()
  rmSync(folder, { recursive: true })
})
