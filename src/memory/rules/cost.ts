/**
 * How many steps a condition may take over a value, said before it takes the first.
 *
 * No CEL library stops an evaluation that has begun, so its cost is bounded from the sizes of the value: an upper bound,
 * reached when nothing is decided early. The bound is looked for with the same limit: telling that a rule is too costly
 * never takes longer than the rule would have been allowed to.
 *
 * A step is one node of the condition evaluated once, one element walked over, one node compared, or 16 characters.
 */
import { flatCost, patternWeight } from './flat-cost.ts'
import { entryOf, plainOf, type Reading } from './reading.ts'
import type { Fold, Node } from './tree.ts'

/** The most steps one rule may take: under 0.1 s, and 0.3 s where it fails at every element (measured on busy cores). */
export const MAX_STEPS = 100_000

/** Thrown and caught within this file only. */
const TOO_COSTLY = new Error('too costly')

/** What is known of a value beforehand: itself, or how large it can be. */
type Size =
  | { readonly raw: unknown }
  | { readonly length: number; readonly weight: number; readonly item?: Size }
interface Names {
  readonly name: string
  readonly size: Size
  readonly outer: Names | undefined
}
const SMALL: Size = { length: 1, weight: 1 }

/** The most steps a condition can take over this value, or undefined: more than MAX_STEPS. */
export function stepsOf(root: Node, reading: Reading, limit = MAX_STEPS): number | undefined {
  let spent = 0
  const weights = new WeakMap<object, number>()
  try {
    measure(root, { name: 'value', size: { raw: plainOf(reading.value) }, outer: undefined })
    return spent
  } catch (error) {
    if (error === TOO_COSTLY) return undefined
    throw error
  }

  function spend(steps: number): void {
    spent += steps
    // Not `spent > limit`: an infinite or undefined size is too costly as well.
    if (!(spent <= limit)) throw TOO_COSTLY
  }

  function measure(node: Node, names: Names): Size {
    spend(1)
    switch (node.kind) {
      case 'constant':
        return { raw: node.value }
      case 'name':
        return sizeOf(node.name, names)
      case 'field':
      case 'has': {
        const of = measure(node.of, names)
        if (node.kind === 'has') return SMALL
        return 'raw' in of ? { raw: plainOf(entryOf(of.raw, node.name)) } : (of.item ?? SMALL)
      }
      case 'index': {
        const of = measure(node.of, names)
        measure(node.by, names)
        return 'raw' in of ? bounded(of.raw) : (of.item ?? SMALL)
      }
      case 'and':
      case 'or':
        for (const side of node.sides) measure(side, names)
        return SMALL
      case 'not':
        return measure(node.of, names)
      case 'choice':
        measure(node.test, names)
        return larger(measure(node.then, names), measure(node.else, names))
      case 'list':
        return gathered(node.items.map((item) => measure(item, names)))
      case 'map':
        for (const key of node.keys) measure(key, names)
        return gathered(node.values.map((value) => measure(value, names)))
      case 'fold':
        return fold(node, names)
      case 'call':
        return call(
          node,
          node.args.map((arg) => measure(arg, names)),
        )
    }
  }

  function fold(node: Fold, names: Names): Size {
    const over = measure(node.over, names)
    const length = lengthOf(over)
    spend(length)
    const flat = node.result ? undefined : node.test && flatCost(node.test)
    if (flat !== undefined) spend(flat * length)
    const results = flat === undefined ? eachOf(node, over, length, names) : []
    if (node.macro !== 'map' && node.macro !== 'filter') return SMALL
    // The library appends to a chain of lists, which is walked link by link.
    spend((length * length) / 8)
    if (node.macro === 'filter') return { length, weight: weightOf(over), item: pieceOf(over) }
    const item = results.reduce(larger, SMALL)
    return { length, weight: 1 + length * weightOf(item), item }
  }

  /** Element by element, where what each costs depends on the element; the sizes of what a `map` makes of them. */
  function eachOf(node: Fold, over: Size, length: number, names: Names): readonly Size[] {
    const inner = (size: Size): Size => {
      const within: Names = { name: node.variable, size, outer: names }
      if (node.test) measure(node.test, within)
      return node.result ? measure(node.result, within) : SMALL
    }
    if ('raw' in over) return Array.from(itemsIn(over.raw), (item) => inner({ raw: plainOf(item) }))
    const before = spent
    const result = inner(over.item ?? SMALL)
    spend((spent - before) * Math.max(0, length - 1))
    return [result]
  }

  function call(node: Node & { readonly kind: 'call' }, args: readonly Size[]): Size {
    const [left = SMALL, right = SMALL] = args
    switch (node.name) {
      case '_==_':
      case '_!=_':
        spend(compared(left, right))
        return SMALL
      case '@in':
        spend(lengthOf(right) * compared(left, 'raw' in right ? SMALL : (right.item ?? SMALL)))
        if ('raw' in right && isHeavy(left))
          spend(Math.min(weightOf(right), lengthOf(right) * weightOf(left)))
        return SMALL
      case 'matches': {
        const pattern = node.args[1]?.kind === 'constant' ? String(node.args[1].value) : ''
        spend((lengthOf(left) * patternWeight(pattern)) / 2)
        return SMALL
      }
      case '_+_': {
        const length = lengthOf(left) + lengthOf(right)
        spend(length / 16)
        return {
          length,
          weight: weightOf(left) + weightOf(right),
          item: larger(pieceOf(left), pieceOf(right)),
        }
      }
      case 'string':
      case 'bytes': {
        const length = weightOf(left) * 16
        spend(length / 16)
        return { length, weight: length / 16 }
      }
      default:
        // Texts are looked through, sizes counted in code points.
        for (const arg of args) if (!('raw' in arg) || typeof arg.raw !== 'object') spend(lengthOf(arg) / 16)
        return node.name === 'dyn' ? left : SMALL
    }
  }

  function pieceOf(size: Size): Size {
    return 'raw' in size ? bounded(size.raw) : (size.item ?? SMALL)
  }

  /** Some part of a value, whichever: none is larger than the whole. */
  function bounded(raw: unknown): Size {
    if (typeof raw !== 'object' || raw === null) return SMALL
    const weight = weightOf({ raw })
    const item: Size = { length: weight * 16, weight }
    return { length: weight * 16, weight, item }
  }

  function gathered(items: readonly Size[]): Size {
    const weight = items.reduce((sum, item) => sum + weightOf(item), 1)
    return { length: items.length, weight, item: items.reduce(larger, SMALL) }
  }

  function larger(a: Size, b: Size): Size {
    if (lengthOf(a) <= 1 && weightOf(a) <= 1) return b
    if (lengthOf(b) <= 1 && weightOf(b) <= 1) return a
    const item = larger(pieceOf(a), SMALL)
    return {
      length: Math.max(lengthOf(a), lengthOf(b)),
      weight: Math.max(weightOf(a), weightOf(b)),
      item: { length: Math.max(lengthOf(item), lengthOf(b)), weight: Math.max(weightOf(item), weightOf(b)) },
    }
  }

  /** Two values are compared no further than the smaller goes. */
  function compared(left: Size, right: Size): number {
    if (!isHeavy(left) || !isHeavy(right)) return 1
    return Math.min(weightOf(left), weightOf(right))
  }

  function weightOf(size: Size): number {
    return 'raw' in size ? weigh(size.raw) : size.weight
  }

  /** Nodes, and texts by 16 characters; a value within itself weighs more than any limit. */
  function weigh(raw: unknown): number {
    if (typeof raw === 'string') return 1 + raw.length / 16
    if (raw instanceof Uint8Array) return 1 + raw.length / 16
    if (typeof raw !== 'object' || raw === null) return 1
    const known = weights.get(raw)
    if (known !== undefined) return known
    weights.set(raw, Infinity)
    let weight = 1
    for (const item of raw instanceof Map ? raw.values() : Object.values(isSet(raw) ? [...raw] : raw)) {
      weight += weigh(plainOf(item))
      if (weight > limit) break
    }
    weights.set(raw, weight)
    return weight
  }
}

function sizeOf(name: string, names: Names): Size {
  for (let one: Names | undefined = names; one; one = one.outer) if (one.name === name) return one.size
  return SMALL
}

function isSet(raw: object): raw is Set<unknown> {
  return raw instanceof Set
}

function isHeavy(size: Size): boolean {
  if (!('raw' in size)) return size.weight > 1
  return (
    (typeof size.raw === 'object' && size.raw !== null) ||
    (typeof size.raw === 'string' && size.raw.length > 16)
  )
}

function lengthOf(size: Size): number {
  if (!('raw' in size)) return size.length
  const { raw } = size
  if (typeof raw === 'string' || Array.isArray(raw) || raw instanceof Uint8Array) return raw.length
  if (raw instanceof Map || raw instanceof Set) return raw.size
  return typeof raw === 'object' && raw !== null ? Object.keys(raw).length : 1
}

/** What a loop goes through: elements of a list, keys of a map. */
function itemsIn(raw: unknown): Iterable<unknown> {
  if (Array.isArray(raw) || raw instanceof Set) return raw
  if (raw instanceof Map) return raw.keys()
  return typeof raw === 'object' && raw !== null ? Object.keys(raw) : []
}
