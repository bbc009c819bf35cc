/**
 * `node examples/bookkeeping/measure.ts <folder> [--labels category,code] [--from 7]`: how many corrections a ledger would have needed,
 * month by month, beside the payee's commonest category so far.
 */
import { parseArgs } from 'node:util'
import { ledgerIn } from './ledger.ts'
import { testOn, together, type Tested } from './tested.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { labels: { type: 'string' }, from: { type: 'string' } },
})
const [folder = `${import.meta.dirname}/year`] = positionals
const say = (text = ''): void => void process.stdout.write(`${text}\n`)

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
      say(line(together(`months ${from} to ${tested.length}`, tested.slice(from - 1))))
      say()
    }
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
