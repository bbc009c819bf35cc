/**
 * Operations as a tree of branches, and what is left out so that a run of hundreds of steps still fits a screen.
 *
 * T1. A branch is what stands before ` › ` in an operation's name; a race's own record belongs to its branches.
 * T2. Many alike (the branches of a map, steps named `save:1`, `save:2` …) are counted: what failed, is under way or took longest is named.
 */
import { labelOf, lengthOf, type Operation, type State } from './operations.ts'

export interface Branch {
  readonly label: string
  readonly nodes: (Branch | Operation)[]
  /** For the branches of a race: who won, once that is settled. */
  race?: Operation
}

export type Node = Branch | Operation
export const isBranch = (node: Node): node is Branch => 'nodes' in node

/** More than this many alike are counted. */
export const MANY = 8
const SEPARATOR = ' › '

export function treeOf(operations: readonly Operation[]): Branch {
  const root: Branch = { label: '', nodes: [] }
  const branches = new Map<string, Branch>([['', root]])
  for (const operation of operations) {
    if (operation.kind === 'race') {
      const path = operation.name.split(SEPARATOR)
      const own = operation.ordinal === 1 ? 'race' : `race›${operation.ordinal}`
      branchAt(branches, [...path.slice(0, -1), own]).race = operation
    } else branchAt(branches, operation.name.split(SEPARATOR).slice(0, -1)).nodes.push(operation)
  }
  return root
}

function branchAt(branches: Map<string, Branch>, path: readonly string[]): Branch {
  const key = path.join(SEPARATOR)
  const known = branches.get(key)
  if (known) return known
  const branch: Branch = { label: (path.at(-1) ?? '').replace('›', ' #'), nodes: [] }
  branches.set(key, branch)
  branchAt(branches, path.slice(0, -1)).nodes.push(branch)
  return branch
}

/** Every operation below a node. */
export function leavesOf(node: Node): readonly Operation[] {
  return isBranch(node) ? [...node.nodes.flatMap(leavesOf), ...(node.race ? [node.race] : [])] : [node]
}

const URGENCY: readonly State[] = ['failed', 'doubt', 'retrying', 'waiting', 'begun', 'done', 'released']

/** How a node stands: as the most urgent of what is in it. A race that is settled is done, whatever its losers did. */
export function stateOf(node: Node): State {
  if (!isBranch(node)) return node.state
  if (node.race && node.race.state === 'done') return 'done'
  const states = new Set(node.nodes.map(stateOf))
  return URGENCY.find((state) => states.has(state)) ?? node.race?.state ?? 'done'
}

/** From the first start to the last end below a node. */
export function spanOf(node: Node, now: number): number {
  if (!isBranch(node)) return lengthOf(node, now)
  const leaves = leavesOf(node)
  const from = Math.min(...leaves.map(({ startedAt }) => startedAt))
  const until = Math.max(...leaves.map(({ endedAt, state }) => endedAt ?? (state === 'released' ? 0 : now)))
  return Math.max(0, until - from)
}

/** What a node is called in a line: a branch of one step is named with it. */
export function titleOf(node: Node): string {
  return isBranch(node) ? node.label : labelOf(node)
}

/** Siblings in order; more than `MANY` in a row that are steps of one stem (`save:1`, `save#2`) become a branch. */
export function stemmed(nodes: readonly Node[]): readonly Node[] {
  const result: Node[] = []
  for (let at = 0; at < nodes.length;) {
    const first = nodes[at]
    if (!first) break
    const stem = stemOf(first)
    let end = at + 1
    while (stem !== undefined && end < nodes.length && stemOf(nodes[end]) === stem) end++
    if (stem !== undefined && end - at > MANY) result.push({ label: stem, nodes: nodes.slice(at, end) })
    else result.push(...nodes.slice(at, end))
    at = end
  }
  return result
}

function stemOf(node: Node | undefined): string | undefined {
  if (!node || isBranch(node)) return undefined
  return /^([^:#]+)[:#]/.exec(labelOf(node))?.[1] ?? labelOf(node)
}

/** The few of many that deserve a line of their own: what needs attention, then what took longest. */
export function notable(
  nodes: readonly Node[],
  now: number,
): { readonly urgent: readonly Node[]; readonly slowest: readonly Node[] } {
  const urgent = nodes.filter((node) => !['done', 'released'].includes(stateOf(node)))
  const slowest = nodes
    .filter((node) => stateOf(node) === 'done')
    .toSorted((a, b) => spanOf(b, now) - spanOf(a, now))
    .slice(0, 3)
  return { urgent: urgent.slice(0, MANY), slowest }
}
