/** Parts of a condition evaluated alone, with the loops' variables bound, and where in the value they stand. */
import { isMap, itemsOf, planOf, type Plan, type Value } from './cel.ts'
import type { Fold, Node } from './tree.ts'

/** A part of the value: `['vendors', 3, 'name']`, in text `vendors[3].name`. The whole value is the empty path. */
export interface Part {
  readonly path: readonly (string | number)[]
  readonly text: string
}

/** Variables in force: their values, and where in the value they stand. */
export interface Scope {
  readonly bindings: Readonly<Record<string, Value>>
  readonly paths: ReadonlyMap<string, readonly (string | number)[]>
}

/** A longer list helps nobody. */
export const MAX_PARTS = 50

const plans = new WeakMap<Node, Plan>()

export function valueOf(node: Node, scope: Scope): Value {
  const plan = plans.get(node) ?? planOf(node.expr)
  plans.set(node, plan)
  return plan(scope.bindings)
}

export const scopeOf = (bindings: Readonly<Record<string, Value>>): Scope => ({
  bindings,
  paths: new Map([['value', []]]),
})

export interface Element {
  readonly scope: Scope
  readonly path: readonly (string | number)[] | undefined
}

export function elements(node: Fold, scope: Scope): readonly Element[] {
  const over = valueOf(node.over, scope)
  const at = pathOf(node.over, scope)
  return (itemsOf(over) ?? []).map((item, i): Element => {
    const path = at && [...at, isMap(over) ? keyOf(item) : i]
    const paths = new Map(scope.paths)
    if (path) paths.set(node.variable, path)
    else paths.delete(node.variable)
    return { path, scope: { bindings: { ...scope.bindings, [node.variable]: item }, paths } }
  })
}

const keyOf = (key: Value): string | number => (typeof key === 'bigint' ? Number(key) : String(key))

export function pathOf(node: Node, scope: Scope): readonly (string | number)[] | undefined {
  switch (node.kind) {
    case 'name':
      return scope.paths.get(node.name)
    case 'field':
    case 'has': {
      const of = pathOf(node.of, scope)
      return of && [...of, node.name]
    }
    case 'index': {
      const of = pathOf(node.of, scope)
      const by = of && valueOf(node.by, scope)
      return of && (typeof by === 'bigint' || typeof by === 'string' || typeof by === 'number')
        ? [...of, keyOf(by)]
        : undefined
    }
    default:
      return undefined
  }
}

export const part = (path: readonly (string | number)[]): Part => ({ path, text: textOf(path) })

/** `vendors[3].name`; the whole is `value`. */
function textOf(path: readonly (string | number)[]): string {
  const text = path
    .map((key) =>
      typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('')
  return text === '' ? 'value' : text.replace(/^\./, '')
}

export function unique(parts: readonly Part[]): readonly Part[] {
  return [...new Map(parts.map((one) => [one.text, one])).values()].slice(0, MAX_PARTS)
}
