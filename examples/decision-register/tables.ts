/** What was found, as tables for people. Colours on a terminal only; NO_COLOR and FORCE_COLOR are honoured (node:util). */
import { styleText } from 'node:util'
import type { Found, Item, MemoryItem } from 'throughline'
import type { Succession, Then } from './ask.ts'
import { NO_REASON, numberOf } from './decision.ts'
import type { Finding } from './measure.ts'
import type { Proposal } from './register.ts'

type Format = Parameters<typeof styleText>[0]

const paint = (format: Format, text: string): string => styleText(format, text, { stream: process.stdout })
const dim = (text: string): string => paint('dim', text)

const COLOURS: Readonly<Record<string, Format>> = {
  adopted: 'green',
  rejected: 'red',
  deferred: 'yellow',
  open: 'yellow',
  superseded: 'gray',
  withdrawn: 'gray',
}

interface Cell {
  readonly text: string
  readonly format?: Format
}

const cell = (text: string, format?: Format): Cell => (format === undefined ? { text } : { text, format })
const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`
const dayOf = (date: Date | undefined): string => date?.toISOString().slice(0, 10) ?? ''
const number = (item: Item): Cell => cell(`PEP ${numberOf(item)}`, 'cyan')
const titled = ({ subject }: Item): Cell => cell(shortened(subject, 58))
const outcome = (text: string): Cell => cell(text, COLOURS[text] ?? 'reset')

/** Columns as wide as their widest cell; a column of numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)),
  )
  const isNumber = head.map((_, i) => rows.every((row) => /^[\d.]+(?: ms)?$/.test(row[i]?.text ?? '')))
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, format }, i) => {
        const room = widths[i] ?? 0
        const padded = isNumber[i] ? text.padStart(room) : i === cells.length - 1 ? text : text.padEnd(room)
        return format === undefined ? padded : paint(format, padded)
      })
      .join('  ')
      .trimEnd()
  return `${[head.map((title) => cell(title, 'dim')), ...rows].map((row) => `  ${line(row)}\n`).join('')}\n`
}

const heading = (text: string): string => `${paint('bold', text)}\n\n`

/** What holds or is open, and the words that led to it. */
export function live(query: string, found: readonly Found[]): string {
  const rows = found.map(({ item, why }) => [
    number(item),
    outcome(String(item.value)),
    cell(dayOf(item.validFrom), 'dim'),
    titled(item),
    cell(shortened([...new Set(why.map(({ from, term }) => from ?? term))].join(' '), 24), 'dim'),
  ])
  const title = heading(`What is live about “${query}”?`)
  return rows.length === 0
    ? `${title}  Nothing that answers.\n\n`
    : `${title}${table(['', 'outcome', 'proposed', '', 'found by'], rows)}`
}

/** A chain of decisions, each with the reason for the next. */
export function replaced(asked: string, succession: Succession | undefined): string {
  const title = heading(`What replaced ${/^\d+$/.test(asked) ? `PEP ${asked}` : `“${asked}”`}, and why?`)
  if (!succession) return `${title}  There is no such decision that anything took the place of.\n\n`
  return `${title}${chain(succession, 0, new Set())}\n`
}

function chain({ item, by }: Succession, depth: number, shown: Set<string>): string {
  const indent = `  ${'   '.repeat(Math.max(0, depth - 1))}${depth === 0 ? '' : '└─ '}`
  const standing = isOver(item) ? item.status : String(item.value)
  const name = `${indent}${paint('cyan', `PEP ${numberOf(item)}`)}  ${item.subject}`
  if (shown.has(item.id)) return `${name}  ${dim('(see above)')}\n`
  shown.add(item.id)
  const own = `${name}  ${dim(dayOf(item.validFrom))}  ${paint(COLOURS[standing] ?? 'reset', standing)}\n`
  const room = ' '.repeat(2 + 3 * depth)
  const why = depth > 0 ? reasonOf(item) : by.length === 0 ? (item.change?.because ?? 'It stands.') : ''
  const reason = wrapped(why, 100 - room.length, 3).map((line) => `${room}${dim(line)}\n`)
  return `${own}${reason.join('')}${by.map((one) => chain(one, depth + 1, shown)).join('')}`
}

/** What it says for itself. */
const reasonOf = ({ because = '', statement }: Item): string => (because === NO_REASON ? statement : because)

/** As many lines as it may take, at words. */
function wrapped(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`
    else if (lines.length < most) lines.push(word)
    else return [...lines.slice(0, -1), `${lines.at(-1)} …`]
  }
  return lines
}

/** What held on a day, and what has become of it. */
export function believed(day: Date, query: string, found: readonly Then[]): string {
  const rows = found.map(({ then, now, replacedBy }) => [
    number(then),
    cell(dayOf(then.validFrom), 'dim'),
    titled(then),
    isOver(now) && replacedBy
      ? cell(
          `replaced by PEP ${numberOf(replacedBy)} in ${dayOf(replacedBy.validFrom).slice(0, 4)}`,
          'yellow',
        )
      : outcome(isOver(now) ? now.status : String(now.value)),
  ])
  const title = heading(`What was believed about “${query}” on ${dayOf(day)}?`)
  return rows.length === 0
    ? `${title}  Nothing yet.\n\n`
    : `${title}${table(['', 'proposed', '', 'today'], rows)}`
}

const isOver = ({ status }: MemoryItem): boolean => status === 'superseded' || status === 'withdrawn'

/** The figures, and what was not found. */
export function measurements(findings: readonly Finding[], register: readonly Proposal[]): string {
  const pairs = findings[0]?.pairs ?? 0
  const rows = findings.map(({ asked, engine, inTen, first, msEach }) => [
    cell(`by ${asked}`),
    cell(engine, engine === 'recall' ? 'bold' : 'dim'),
    cell(String(inTen), engine === 'recall' ? 'green' : 'dim'),
    cell(String(first), engine === 'recall' ? 'green' : 'dim'),
    cell(`${msEach.toFixed(1)} ms`, 'dim'),
  ])
  const titles = new Map(register.map(({ pep, title }) => [pep, title]))
  const missed = new Map(
    findings
      .filter(({ engine }) => engine === 'recall')
      .flatMap(({ missed: pairsMissed }) => pairsMissed)
      .map((pair) => [`${pair.by} ${pair.old}`, pair]),
  )
  const lines = [...missed.values()].map(
    ({ by, old }) => `  PEP ${by} ${titles.get(by)} ${dim('←')} PEP ${old} ${titles.get(old)}\n`,
  )
  return `${heading(`Of ${pairs} decisions that replace another, which lead to it before anybody says so?`)}${table(
    ['asked', '', 'in the first ten', 'first of all', 'each'],
    rows,
  )}${dim('  Not always found, for want of words in common:')}\n${lines.join('')}\n`
}
