/**
 * `node examples/bookkeeping/measure.ts <folder> [--labels category,code] [--from 7]`: how many corrections a ledger would have needed,
 * month by month, beside the payee's commonest category so far. With --json, as `npm run bench -- memory` reads it: the second half of the
 * payments of 2018, unless another folder is given.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ledgerIn } from './ledger.ts'
import { testOn, together, type Tested } from './tested.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    labels: { type: 'string' },
    from: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const PAYMENTS = join(import.meta.dirname, '../../test/data/payments-2018')
const [folder = values.json ? PAYMENTS : `${import.meta.dirname}/year`] = positionals
const say = (text = ''): void => void (values.json || process.stdout.write(`${text}\n`))
/** What is asked for: how many corrections fewer than by the commonest rule, in percent. */
const FEWER: Readonly<Record<string, number>> = { category: 35, code: 20 }
const figures: Figure[] = []

interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly atLeast?: number
  readonly atMost?: number
}

function figuresOf(what: string, label: string, half: Tested): readonly Figure[] {
  const { rows, wrong, trivial, silent, silentlyWrong, amongThree } = half
  const share = (n: number, of: number) => Math.round((1000 * n) / Math.max(1, of)) / 10
  const atLeast = FEWER[label]
  return [
    {
      name: `${what}: fewer corrections than by the commonest rule`,
      value: share(trivial - wrong, trivial),
      unit: '%',
      ...(atLeast === undefined ? {} : { atLeast }),
    },
    { name: `${what}: right one among three`, value: share(amongThree, rows), unit: '%', atLeast: 90 },
    {
      name: `${what}: filled silently, of those wrong`,
      value: share(silentlyWrong, silent),
      unit: '%',
      atMost: 5,
    },
  ]
}

const percent = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`.padStart(8)

function line(month: Tested): string {
  const { name, rows, wrong, trivial, silent, silentlyWrong, amongThree, explained } = month
  const fewer = trivial === 0 ? '-' : `${((100 * (wrong - trivial)) / trivial).toFixed(0)} %`
  return [
    name.padEnd(16),
    String(rows).padStart(6),
    `${wrong}`.padStart(7) + percent(wrong, rows),
    `${trivial}`.padStart(7) + percent(trivial, rows),
    fewer.padStart(7),
    percent(silent, rows),
    percent(silentlyWrong, silent),
    percent(rows - silent + silentlyWrong, rows),
    percent(amongThree, rows),
    percent(explained, rows),
  ].join(' ')
}

try {
  const ledger = await ledgerIn(folder, values.labels?.split(','))
  for (const [label, months] of ledger) {
    for (const learns of ['each row', 'each month'] as const) {
      say(`${label}, learned ${learns}`)
      say(
        'month              rows     corrections  commonest rule   fewer   silent    wrong  touched  in three explained',
      )
      const tested = testOn(months, learns)
      for (const month of tested) say(line(month))
      const from = Number(values.from ?? Math.floor(tested.length / 2) + 1)
      const half = together(`months ${from} to ${tested.length}`, tested.slice(from - 1))
      say(line(half))
      figures.push(...figuresOf(`bookkeeping by ${label}, learned ${learns}`, label, half))
      say()
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ figures })}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
