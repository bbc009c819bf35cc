/**
 * A value that a condition can go all the way through: every path it reads is there, every list has elements.
 *
 * For one use: a rule is run over it when it is loaded, so that the code it takes has been run before a checkpoint waits
 * for it. What it answers means nothing.
 */
import type { Node } from './tree.ts'

interface Slot {
  readonly fields: Map<string, Slot>
  item?: Slot
  /** A constant it is compared with. */
  like?: unknown
}
type Names = ReadonlyMap<string, Slot>

const ELEMENTS = 8

export function sampleFor(root: Node): unknown {
  const value = empty()
  read(root, new Map([['value', value]]))
  return filled(value)
}

const empty = (): Slot => ({ fields: new Map() })

/** The place in the value that a part of the condition reads, if it reads one. */
function read(node: Node, names: Names): Slot | undefined {
  switch (node.kind) {
    case 'constant':
      return undefined
    case 'name':
      return names.get(node.name)
    case 'field':
    case 'has':
      return fieldIn(read(node.of, names), node.name)
    case 'index': {
      const of = read(node.of, names)
      read(node.by, names)
      if (node.by.kind === 'constant' && typeof node.by.value === 'string') return fieldIn(of, node.by.value)
      return of && (of.item ??= empty())
    }
    case 'not':
      return read(node.of, names)
    case 'fold': {
      const over = read(node.over, names)
      const item = over ? (over.item ??= empty()) : empty()
      const within = new Map(names).set(node.variable, item)
      if (node.test) read(node.test, within)
      if (node.result) read(node.result, within)
      return undefined
    }
    case 'call': {
      const constant = node.args.find(({ kind }) => kind === 'constant')
      for (const slot of node.args.map((arg) => read(arg, names))) {
        if (slot && constant?.kind === 'constant') slot.like = constant.value
      }
      return undefined
    }
    case 'and':
    case 'or':
      return void node.sides.map((side) => read(side, names))
    case 'choice':
      return void [node.test, node.then, node.else].map((child) => read(child, names))
    case 'list':
      return void node.items.map((item) => read(item, names))
    case 'map':
      return void [...node.keys, ...node.values].map((child) => read(child, names))
  }
}

function fieldIn(slot: Slot | undefined, name: string): Slot | undefined {
  if (!slot) return undefined
  const field = slot.fields.get(name) ?? empty()
  slot.fields.set(name, field)
  return field
}

function filled({ fields, item, like }: Slot): unknown {
  if (item) return Array.from({ length: ELEMENTS }, () => filled(item))
  if (fields.size > 0) return Object.fromEntries([...fields].map(([name, slot]) => [name, filled(slot)]))
  if (typeof like === 'bigint' || typeof like === 'number') return 0
  return typeof like === 'boolean' ? like : ''
}
