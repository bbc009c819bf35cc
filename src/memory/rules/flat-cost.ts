/** What parts of a condition cost whatever the value: most loops ask a field against a constant, and need no walk over the elements. */
import type { Node } from './tree.ts'

const COMPARISONS = ['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_']
const flatCosts = new WeakMap<Node, number>()

/** The steps of fields held against constants, and of what joins them; undefined where it depends on the value. */
export function flatCost(node: Node): number | undefined {
  const known = flatCosts.get(node) ?? flatSum(node)
  flatCosts.set(node, known)
  return Number.isFinite(known) ? known : undefined
}

function flatSum(node: Node): number {
  switch (node.kind) {
    case 'constant':
      return typeof node.value === 'string'
        ? 1 + node.value.length / 16
        : node.value instanceof Uint8Array
          ? Infinity
          : 1
    case 'name':
      return 1
    case 'field':
    case 'has':
    case 'not':
      return 1 + flatSum(node.of)
    case 'and':
    case 'or':
      return node.sides.reduce((sum, side) => sum + flatSum(side), 1)
    case 'call': {
      const [left, right] = node.args
      if (!left || !right) return Infinity
      const isPlain =
        COMPARISONS.includes(node.name) && (left.kind === 'constant' || right.kind === 'constant')
      const isListed =
        node.name === '@in' && right.kind === 'list' && right.items.every(({ kind }) => kind === 'constant')
      if (isListed) return right.items.reduce((sum, item) => sum + 2 * flatSum(item), 1 + flatSum(left))
      return isPlain ? 1 + flatSum(left) + flatSum(right) : Infinity
    }
    default:
      return Infinity
  }
}

/** At most how many states a pattern has: its length, times every `{n,m}` in it, since they may be nested. */
export function patternWeight(pattern: string): number {
  const repeats = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)]
  return repeats.reduce(
    (weight, [, least, most]) => weight * Math.max(1, Number(most || least)),
    pattern.length,
  )
}
