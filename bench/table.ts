/** Text tables: first column to the left, the others to the right. */
import { round, verdicts } from './targets.ts'
import type { Report } from './run.ts'

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const [head = [], ...body] = rows
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n')
}

const count = (value: number) => Math.round(value).toLocaleString('en-US')
const times = (value: number) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 1)} ×` : '')

/** The whole report as text: subjects beside each other, the raw limits, our own figures, the targets. */
export function render(report: Report): string {
  const ours = report.measured.find((one) => one.name === 'Throughline')
  const ratio = (peer: number, own: number | undefined) => (own === undefined ? '' : times(own / peer))
  const head = [
    'subject',
    'one run: steps/s',
    'p50 ms',
    'p99 ms',
    'of raw',
    'ours is',
    '100 × 50: steps/s',
    'ours is',
    'bytes/step',
  ]
  const parts = [
    table([
      head,
      ...report.measured.map((one) => [
        one.name,
        count(one.sequential.perSecond),
        one.sequential.p50Ms.toFixed(3),
        one.sequential.p99Ms.toFixed(3),
        `${(one.sequential.ofRaw * 100).toFixed(0)} %`,
        ratio(one.sequential.perSecond, ours?.sequential.perSecond),
        count(one.fleet.perSecond),
        ratio(one.fleet.perSecond, ours?.fleet.perSecond),
        one.bytesPerStep === undefined ? '' : count(one.bytesPerStep),
      ]),
    ]),
  ]
  const { append, overwrite, groupCommit } = report.raw
  parts.push(
    table([
      ['raw limit', 'per second', 'p50 ms', 'p99 ms'],
      [
        'append 200 bytes + fdatasync',
        count(append.perSecond),
        append.p50Ms.toFixed(3),
        append.p99Ms.toFixed(3),
      ],
      [
        'overwrite in a grown file + fdatasync',
        count(overwrite.perSecond),
        overwrite.p50Ms.toFixed(3),
        overwrite.p99Ms.toFixed(3),
      ],
      [
        'SQLite, rows at 100 a commit',
        count(groupCommit.perSecond),
        groupCommit.p50Ms.toFixed(3),
        groupCommit.p99Ms.toFixed(3),
      ],
    ]),
  )
  if (report.own.figures.length > 0) {
    parts.push(
      table([
        ['our own', 'measured', ''],
        ...report.own.figures.map((figure) => [figure.name, round(figure.value), figure.unit]),
      ]),
    )
  }
  const judged = verdicts(report.measured, report.own.figures)
  if (judged.length > 0) {
    parts.push(
      table([
        ['target', 'measured', ''],
        ...judged.map((one) => [one.target, one.measured, one.isReached ? 'reached' : 'MISSED']),
      ]),
    )
  }
  const failed = [...report.errors, ...report.own.errors]
  if (failed.length > 0) parts.push(`not measured:\n${failed.map((line) => `  ${line}`).join('\n')}`)
  parts.push(
    report.measured
      .map((one) => `${one.name}: ${one.configured}; ${one.sequential.rounds} and ${one.fleet.rounds} rounds`)
      .join('\n'),
  )
  parts.push(`${report.machine}; ${report.seconds.toFixed(0)} s in all`)
  return parts.filter((part) => part !== '').join('\n\n')
}
