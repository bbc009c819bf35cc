/**
 * Measures one subject in a process of its own and prints the figures as JSON on the last line of stdout:
 * `node one.ts restate --quick`. What a subject leaves behind (timers, pools, caches) never reaches the next one.
 */
import { full, measure, quick } from './measure.ts'
import { subjects } from './subjects/index.ts'

const [name = '', ...flags] = process.argv.slice(2)
const make = subjects[name]
if (make === undefined) {
  console.error(`There is no subject "${name}"; there are ${Object.keys(subjects).join(', ')}.`)
  process.exit(2)
}
const measured = await measure(await make(), flags.includes('--quick') ? quick : full, (line) =>
  console.error(line),
)
process.stdout.write(`\n${JSON.stringify(measured)}\n`, () => process.exit(0))
