/** Markdown out of strangers' text: what comes from a package cannot break a table or become markup. */

/** Inline code. Backticks inside would end it, so they become quotes. */
export const code = (text: string): string => `\`${oneLine(text).replaceAll('`', "'")}\``

export const section = (title: string, body: string): string => `## ${title}\n\n${body}`

export const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')

/** `3 files`, `1 file`. */
export const count = (amount: number, noun: string): string =>
  `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`

/** Decimal units, as file managers show them. */
export function bytes(amount: number): string {
  if (amount < 1000) return `${amount} B`
  if (amount < 1_000_000) return `${(amount / 1000).toFixed(0)} kB`
  return `${(amount / 1_000_000).toFixed(amount < 10_000_000 ? 1 : 0)} MB`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** A pipe ends a cell, even inside code; angle brackets could be HTML, and are only harmless inside code. */
function cell(text: string): string {
  const parts = oneLine(text)
    .replaceAll('|', '\\|')
    .split(/(`[^`]*`)/)
  return parts.map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;'))).join('')
}
