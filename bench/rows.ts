/**
 * What is asked of a part of the product, beside what was measured, as one table.
 *
 * The product is measured as built, through what it exports and nothing else. `--quick` takes less of everything, and leaves out the
 * targets that are for the whole; `--only a,b` takes some rows; `--json` is for machines.
 */
import { loadavg } from 'node:os'
import { measureAll, type Measurements } from './own/measured.ts'
import { machine } from './machine.ts'
import { isBuilt } from './product.ts'
import { syncedWrites } from './raw.ts'
import { scratch } from './scratch.ts'
import { stopwatch } from './subject.ts'
import { table } from './table.ts'
import { limitOf, round } from './targets.ts'
import { isReached, type Figure } from './own/figure.ts'

export interface RowsOptions {
  readonly quick: boolean
  readonly json: boolean
  readonly only: readonly string[] | undefined
}

/** Prints the table and says with which code to exit: 1 when something could not be measured. */
export async function benchRows(
  what: string,
  measurements: Measurements,
  { quick, json, only }: RowsOptions,
): Promise<number> {
  const names = only ?? Object.keys(measurements)
  const unknown = names.filter((name) => !(name in measurements))
  if (unknown.length > 0) {
    console.error(
      `There is no ${unknown.join(', ')} of ${what} to measure; there are ${Object.keys(measurements).join(', ')}.`,
    )
    return 2
  }
  if (!isBuilt()) {
    console.error('There is no build; run "npm run build" in the repository first.')
    return 1
  }
  const elapsed = stopwatch()
  const tell = (line: string) => console.error(`${elapsed().toFixed(0).padStart(4)} s  ${line}`)
  const before = diskMs()
  const { figures, errors } = await measureAll(measurements, names, { quick, tell })
  const disk = `an append of 200 bytes with fdatasync takes ${before} ms before, ${diskMs()} ms after`
  const on = `${machine()}, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}; ${disk}; ${elapsed().toFixed(0)} s in all`
  if (json) process.stdout.write(`${JSON.stringify({ figures, errors, machine: on }, null, 2)}\n`)
  else process.stdout.write(`${table([[what, 'asked', 'measured', ''], ...figures.map(row)])}\n\n${on}\n`)
  for (const error of errors) console.error(`not measured: ${error}`)
  return errors.length > 0 ? 1 : 0
}

/** What one commit cannot be faster than here, now: on a shared disk it changes from second to second. */
function diskMs(): string {
  return syncedWrites(scratch('disk'), { writes: 200, bytes: 200, grown: false }).p50Ms.toFixed(2)
}

function row(figure: Figure): readonly string[] {
  const reached = isReached(figure)
  return [
    figure.name,
    limitOf(figure) ?? '',
    `${round(figure.value)} ${figure.unit}`,
    reached === undefined ? '' : reached ? 'reached' : 'MISSED',
  ]
}
