/** The report as people read it at the end. */
import type { Figures } from './figures.ts'
import type { Report } from './report.ts'

type Count = Report['total']
const HEAD = ['', 'documents', 'corrected', 'for review', 'copies'] as const

export function table({ total, kinds }: Report): string {
  const row = (name: string, { documents, corrected, review, copies }: Count) =>
    [name, ...[documents, corrected, review, copies].map(String)] as const
  const rows = [HEAD, ...Object.entries(kinds).map(([kind, count]) => row(kind, count)), row('all', total)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function spent({ modelCalls, toolCalls, input, output, costUsd, unpriced }: Figures): string {
  const known = `$${costUsd.toFixed(4)}`
  const price =
    unpriced === 0
      ? known
      : unpriced === modelCalls
        ? 'price unknown'
        : `${known} and ${unpriced} of unknown price`
  const number = (value: number) => value.toLocaleString('en-GB')
  return `${number(modelCalls)} model calls, ${number(toolCalls)} tool calls, ${number(input)} → ${number(output)} tokens, ${price}`
}
