/**
 * A file of comma-separated values as banks write them: RFC 4180, and what they do to it.
 *
 * C1. Strict: an open quotation mark, text after a closing one, a row of another width are said with their line, never repaired.
 * C2. What separates cells, and how the letters are encoded, is seen from the file. Lines above the header are passed over.
 */

/** A file that cannot be read as a statement; the message says where, and what to do. */
export class BadStatement extends Error {
  constructor(file: string, line: number | undefined, message: string) {
    super(`${file}${line === undefined ? '' : `, line ${line}`}: ${message}`)
    this.name = 'BadStatement'
  }
}

export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

export interface Sheet {
  readonly header: readonly string[]
  readonly rows: readonly Row[]
}

const SEPARATORS = [',', ';', '\t', '|']
const MOST_ROWS = 20_000

/** @throws {BadStatement} */
export function readSheet(file: string, bytes: Uint8Array): Sheet {
  const text = lettersOf(bytes)
  const [rows, width] = widest(file, text)
  const at = rows.findIndex(({ cells }) => cells.length === width)
  const [head, ...body] = rows.slice(at)
  if (!head || width < 2)
    throw new BadStatement(
      file,
      undefined,
      'no table was found in it. Export it as CSV, with a line of headings.',
    )
  if (body.length > MOST_ROWS)
    throw new BadStatement(file, undefined, `it has more than ${MOST_ROWS} rows. Give it a month at a time.`)
  const header = head.cells.map((name, i) => name.trim() || `column ${i + 1}`)
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined)
    throw new BadStatement(file, head.line, `two columns are named "${twice}". Give one another name.`)
  return { header, rows: body.map((row) => fitting(file, row, width)) }
}

function fitting(file: string, { line, cells }: Row, width: number): Row {
  const spare = cells.slice(width)
  if (cells.length >= width && spare.every((cell) => cell.trim() === ''))
    return { line, cells: cells.slice(0, width) }
  throw new BadStatement(
    file,
    line,
    `it has ${cells.length} cells, the others have ${width}. Correct or remove it.`,
  )
}

/** By the separator that gives the most columns to the most rows. */
function widest(file: string, text: string): readonly [readonly Row[], number] {
  let best: { readonly rows: readonly Row[]; readonly width: number; readonly score: number } | undefined
  let failure: unknown
  for (const separator of SEPARATORS) {
    try {
      const rows = [...rowsIn(file, text, separator)]
      const counts = new Map<number, number>()
      for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
      for (const [width, n] of counts) {
        const score = width > 1 ? n * Math.log(width) : 0
        if (!best || score > best.score) best = { rows, width, score }
      }
    } catch (error) {
      if (text.includes(separator)) failure ??= error
    }
  }
  if (best && best.score > 0) return [best.rows, best.width]
  if (failure instanceof Error) throw failure
  return [[], 0]
}

/** The rows that hold anything. @throws {BadStatement} */
function* rowsIn(file: string, text: string, separator: string): Generator<Row> {
  let [at, line] = [0, 1]
  while (at < text.length) {
    const first = line
    const cells: string[] = []
    for (let isEnd = false; !isEnd;) {
      let cell = ''
      if (text[at] === '"') {
        const open = line
        for (at++; ; at++) {
          const letter = text[at]
          if (letter === undefined)
            throw new BadStatement(
              file,
              open,
              'a quotation mark is opened and never closed. Close or remove it.',
            )
          if (letter === '\n') line++
          if (letter !== '"') cell += letter
          else if (text[at + 1] === '"') cell += text[at++]
          else break
        }
        at++
        if (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r')
          throw new BadStatement(
            file,
            line,
            'there is text after a closing quotation mark. Double the marks inside a cell.',
          )
      } else {
        const from = at
        while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++
        cell = text.slice(from, at)
      }
      cells.push(cell)
      isEnd = text[at] !== separator
      if (text[at] === '\r' && text[at + 1] === '\n') at++
      at++
    }
    line++
    if (cells.some((cell) => cell.trim() !== '')) yield { line: first, cells }
  }
}

/** UTF-8, UTF-16 where it says so, or what Windows wrote before. */
function lettersOf(bytes: Uint8Array): string {
  const [a, b] = bytes
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** A cell as it is written. What a spreadsheet would run as a formula is written as text. */
export function cellText(value: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.,])/.test(value) ? `'${value}` : value
  return /[",\n\r;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
