/** A run drawn for people: a line an operation, branches and children set in. */
import { isErased, type RunRow, type StoredEvent, type Throughline } from '../app/index.ts'
import { GLYPHS } from './glyphs.ts'
import { shortened } from './json.ts'
import { fromNow, lengthText } from './moment.ts'
import { operationsOf, type Operation, type State } from './operations.ts'
import type { Output, Tone } from './output.ts'
import {
  isBranch,
  leavesOf,
  MANY,
  notable,
  spanOf,
  stateOf,
  stemmed,
  titleOf,
  treeOf,
  type Branch,
  type Node,
} from './tree.ts'

export interface DrawingOptions {
  readonly tl: Throughline
  readonly paint: Output['paint']
  readonly width: number
  readonly now: number
  /** Leave nothing out. */
  readonly isWhole: boolean
}

interface Line {
  readonly depth: number
  readonly glyph: string
  readonly tone: Tone
  readonly title: string
  readonly time: string
  readonly note: string
}

const LOOKS: Readonly<Record<State, readonly [glyph: string, tone: Tone]>> = {
  done: [GLYPHS.done, 'good'],
  failed: [GLYPHS.failed, 'bad'],
  waiting: [GLYPHS.waiting, 'live'],
  retrying: [GLYPHS.again, 'warn'],
  doubt: [GLYPHS.doubt, 'warn'],
  begun: [GLYPHS.running, 'live'],
  released: [GLYPHS.released, 'dim'],
}

const DEEPEST = 6
const WIDEST_TITLE = 52

/** The steps of a run, as lines. */
export async function draw(row: RunRow, options: DrawingOptions): Promise<readonly string[]> {
  const lines = await runLines(row, options, 0)
  const width = Math.min(
    WIDEST_TITLE,
    Math.max(0, ...lines.map((line) => 2 * line.depth + line.title.length)),
  )
  const { paint } = options
  return lines.map(({ depth, glyph, tone, title, time, note }) => {
    const room = Math.max(8, width - 2 * depth)
    const shown = shortened(title, Math.max(room, 24)).padEnd(room)
    const left = `${'  '.repeat(depth)}${paint(tone, glyph)} ${tone === 'dim' ? paint('dim', shown) : shown} ${paint('dim', time.padStart(9))}`
    const rest = options.width - 2 * depth - 2 - shown.length - 10 - 2
    return note === ''
      ? left
      : `${left}  ${paint(tone === 'bad' || tone === 'warn' ? tone : 'dim', shortened(note, Math.max(20, rest)))}`
  })
}

/** The recorded events of a run's current chapter. */
export async function chapterOf(tl: Throughline, row: RunRow): Promise<readonly StoredEvent[]> {
  const recorded = await Array.fromAsync(tl.history(row.chapter === 1 ? row.id : `${row.id}~${row.chapter}`))
  return recorded.filter((event) => !isErased(event)) // those say nothing any more
}

async function runLines(row: RunRow, options: DrawingOptions, depth: number): Promise<Line[]> {
  const recorded = await chapterOf(options.tl, row)
  return branchLines(treeOf(operationsOf(recorded, row.endedAt !== undefined)), options, depth)
}

async function branchLines(branch: Branch, options: DrawingOptions, depth: number): Promise<Line[]> {
  const lines: Line[] = []
  for (const node of options.isWhole ? branch.nodes : stemmed(branch.nodes))
    lines.push(...(await nodeLines(node, options, depth)))
  return lines
}

async function nodeLines(node: Node, options: DrawingOptions, depth: number): Promise<Line[]> {
  if (!isBranch(node)) return operationLines(node, options, depth)
  if (node.nodes.length > MANY && !options.isWhole) return countedLines(node, options, depth)
  const [only] = node.nodes
  // A branch of one step needs no line of its own.
  if (only && node.nodes.length === 1 && !node.race && !isBranch(only)) {
    const [line, ...more] = await operationLines(only, options, depth)
    return line ? [{ ...line, title: `${node.label} › ${line.title}` }, ...more] : []
  }
  const head = lineOf(
    node,
    options,
    depth,
    node.race?.winner === undefined ? '' : `won by ${node.race.winner}`,
  )
  return [head, ...(await branchLines(node, options, depth + 1))]
}

function lineOf(node: Node, options: DrawingOptions, depth: number, note: string): Line {
  const [glyph, tone] = LOOKS[stateOf(node)]
  const span = spanOf(node, options.now)
  const isOpen = ['begun', 'released'].includes(stateOf(node))
  return { depth, glyph, tone, title: titleOf(node), time: isOpen ? '' : lengthText(span), note }
}

async function operationLines(operation: Operation, options: DrawingOptions, depth: number): Promise<Line[]> {
  const line = lineOf(operation, options, depth, noteOf(operation, options.now))
  if (operation.child === undefined || depth >= DEEPEST) return [line]
  const child = await rowOf(options.tl, operation.child)
  return child ? [line, ...(await runLines(child, options, depth + 1))] : [line]
}

/** A child that was pruned has no row any more. */
async function rowOf(tl: Throughline, id: string): Promise<RunRow | undefined> {
  return (await tl.run(id).catch(() => undefined))?.info()
}

function noteOf(operation: Operation, now: number): string {
  const { kind, state, attempts, error, due, child, childStatus, refused, note } = operation
  const parts: string[] = note === undefined ? [] : [note]
  if (child !== undefined)
    parts.push(`${child}${childStatus === undefined || childStatus === 'done' ? '' : ` ${childStatus}`}`)
  if (attempts > 1) parts.push(`${attempts} attempts`)
  if (state === 'waiting' && kind === 'wait')
    parts.push(
      `waits for ${operation.question === undefined ? 'a message' : 'an answer'}${due === undefined ? '' : `, gives up ${fromNow(due, now)}`}`,
    )
  if (state === 'waiting' && kind === 'sleep' && due !== undefined)
    parts.push(`sleeps, wakes ${fromNow(due, now)}`)
  if (state === 'retrying' && due !== undefined) parts.push(`again ${fromNow(due, now)}`)
  if (operation.answer !== undefined) parts.push(operation.answer)
  if (state === 'doubt') parts.push('in doubt')
  if (state === 'begun') parts.push('begun, no outcome yet')
  if (state === 'released') parts.push('released')
  if (refused > 0) parts.push(`${refused} messages refused`)
  if (error !== undefined) parts.push(error)
  return parts.join(', ')
}

/** Many alike, counted. */
async function countedLines(branch: Branch, options: DrawingOptions, depth: number): Promise<Line[]> {
  const { urgent, slowest } = notable(branch.nodes, options.now)
  const done = branch.nodes.filter((node) => ['done', 'released'].includes(stateOf(node))).length
  const total = branch.nodes.length
  const common = commonPrefix(branch.nodes.map(titleOf))
  const slow = slowest
    .filter((node) => spanOf(node, options.now) >= 1)
    .map(
      (node) =>
        `${shortened(titleOf(node).slice(common.length), 32)} (${lengthText(spanOf(node, options.now))})`,
    )
    .join(', ')
  const inner = innerOf(branch)
  const count = `${done === total ? total : `${done} of ${total}`} ${inner === undefined ? 'branches' : `× ${inner}`}`
  const head = lineOf(branch, options, depth, `${count}${slow === '' ? '' : `; slowest ${slow}`}`)
  const lines: Line[] = [head]
  for (const node of urgent) lines.push(...(await nodeLines(node, options, depth + 1)))
  const left = total - done - urgent.length
  if (left > 0)
    lines.push({
      depth: depth + 1,
      glyph: ' ',
      tone: 'dim',
      title: `and ${left} more (--all)`,
      time: '',
      note: '',
    })
  return lines
}

/** What all titles begin with, up to a "/" or ":": nothing to tell them apart by. */
export function commonPrefix(titles: readonly string[]): string {
  let [prefix = ''] = titles
  for (const title of titles) while (!title.startsWith(prefix)) prefix = prefix.slice(0, -1)
  return /^.*[/:]/s.exec(prefix)?.[0] ?? ''
}

/** What each of many consists of: the names of its steps, unless they are too many to say. */
function innerOf(branch: Branch): string | undefined {
  const inner = new Set(
    branch.nodes.flatMap((node) => (isBranch(node) ? leavesOf(node).map(titleOf) : ['step'])),
  )
  return inner.size <= 3 ? [...inner].join(' + ') : undefined
}
