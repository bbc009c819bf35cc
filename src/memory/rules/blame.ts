/**
 * Which parts of a value made a condition come out as it did: what a violation shows, and what an absent path is.
 *
 * Runs after an evaluation whose outcome is known, by evaluating parts of the condition again with the loops' variables
 * bound: no more than twice the work per level of nesting, and only for rules that are violated or have no answer.
 */
import { errorIn, isList, isMap, itemsOf, lacks, planOf, type Plan, type Value } from './cel.ts'
import type { Fold, Node } from './tree.ts'

/** A part of the value: `['vendors', 3, 'name']`, in text `vendors[3].name`. The whole value is the empty path. */
export interface Part {
  readonly path: readonly (string | number)[]
  readonly text: string
}

/** Why there is no answer: paths that are absent, and errors of any other kind. */
export interface Trouble {
  readonly absent: readonly Part[]
  readonly errors: readonly string[]
}

/** Variables in force: their values, and where in the value they stand. */
interface Scope {
  readonly bindings: Readonly<Record<string, Value>>
  readonly paths: ReadonlyMap<string, readonly (string | number)[]>
}

/** A longer list helps nobody. */
const MAX_PARTS = 50

const plans = new WeakMap<Node, Plan>()

function valueOf(node: Node, scope: Scope): Value {
  const plan = plans.get(node) ?? planOf(node.expr)
  plans.set(node, plan)
  return plan(scope.bindings)
}

const scopeOf = (bindings: Readonly<Record<string, Value>>): Scope => ({
  bindings,
  paths: new Map([['value', []]]),
})

/** The parts by which a condition is true, or false. */
export function partsBehind(
  root: Node,
  outcome: boolean,
  bindings: Readonly<Record<string, Value>>,
): readonly Part[] {
  return unique(behind(root, outcome, scopeOf(bindings)))
}

function behind(node: Node, outcome: boolean, scope: Scope): readonly Part[] {
  switch (node.kind) {
    case 'not':
      return behind(node.of, !outcome, scope)
    case 'and':
    case 'or': {
      // An `and` is false by those that are false, and true by all.
      const deciding = node.sides.filter((side) => valueOf(side, scope) === outcome)
      return deciding.flatMap((side) => behind(side, outcome, scope))
    }
    case 'choice':
      return behind(valueOf(node.test, scope) === true ? node.then : node.else, outcome, scope)
    case 'fold':
      return inFold(node, outcome, scope)
    default:
      return mentioned(node, scope)
  }
}

/** Elements that answer as the whole does: one that is so for `exists`, one that is not for `all`. */
function inFold(node: Fold & Node, outcome: boolean, scope: Scope): readonly Part[] {
  const { test } = node
  const isAsked = node.macro === 'exists' ? outcome : node.macro === 'all' ? !outcome : true
  const found: Part[] = []
  if (test && isAsked) {
    for (const element of elements(node, scope)) {
      if (valueOf(test, element.scope) !== (node.macro !== 'all')) continue
      const inner = behind(test, node.macro !== 'all', element.scope).filter(({ path }) =>
        isWithin(path, element.path),
      )
      found.push(...(inner.length > 0 || element.path === undefined ? inner : [part(element.path)]))
      if (found.length >= MAX_PARTS) break
    }
  }
  return found.length > 0 ? found : mentioned(node.over, scope)
}

interface Element {
  readonly scope: Scope
  readonly path: readonly (string | number)[] | undefined
}

function elements(node: Fold, scope: Scope): readonly Element[] {
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

/** Every path a part of a condition reads. */
function mentioned(node: Node, scope: Scope): readonly Part[] {
  const path = pathOf(node, scope)
  if (path) return [part(path)]
  if (node.kind === 'fold') return inFold(node, true, scope)
  return childrenOf(node).flatMap((child) => mentioned(child, scope))
}

function pathOf(node: Node, scope: Scope): readonly (string | number)[] | undefined {
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

/** What kept a condition from an answer, looked for from the whole down to the parts that fail by themselves. */
export function troubleIn(root: Node, bindings: Readonly<Record<string, Value>>): Trouble {
  const absent: Part[] = []
  const errors = new Set<string>()
  look(root, scopeOf(bindings))
  return { absent: unique(absent), errors: [...errors].slice(0, MAX_PARTS) }

  function look(node: Node, scope: Scope): boolean {
    const error = errorIn(valueOf(node, scope))
    if (error === undefined) return false
    // All are looked at, not the first alone: an error beside an absent path is still an error.
    const isBelow = node.kind === 'fold' ? lookInFold(node, scope) : lookBelow(node, scope)
    if (!isBelow) settle(node, scope, error)
    return true
  }

  function lookBelow(node: Node, scope: Scope): boolean {
    const children =
      node.kind === 'choice' && errorIn(valueOf(node.test, scope)) === undefined
        ? [valueOf(node.test, scope) === true ? node.then : node.else]
        : node.kind === 'choice'
          ? [node.test]
          : childrenOf(node)
    return children.map((child) => look(child, scope)).includes(true)
  }

  function lookInFold(node: Fold & Node, scope: Scope): boolean {
    if (look(node.over, scope)) return true
    const asked = [node.test, node.result].filter((child) => child !== undefined)
    return elements(node, scope)
      .flatMap((element) => asked.map((child) => look(child, element.scope)))
      .includes(true)
  }

  /** This part fails although what it is made of does not. */
  function settle(node: Node, scope: Scope, error: string): void {
    const path = node.kind === 'fold' ? pathOf(node.over, scope) : pathOf(node, scope)
    if (path && isAbsence(node, scope)) absent.push(part(path))
    else
      errors.add(
        [
          unique(mentioned(node, scope))
            .map(({ text }) => text)
            .join(', '),
          error,
        ]
          .filter(Boolean)
          .join(': '),
      )
  }
}

/** Nothing is there: no such entry, no such element, or null where a path or a loop would go on. */
function isAbsence(node: Node, scope: Scope): boolean {
  switch (node.kind) {
    case 'name':
      return true
    case 'fold':
      return valueOf(node.over, scope) === null
    case 'field':
    case 'has': {
      const of = valueOf(node.of, scope)
      return of === null || lacks(of, node.name)
    }
    case 'index': {
      const [of, by] = [valueOf(node.of, scope), valueOf(node.by, scope)]
      return of === null || lacks(of, by) || (isList(of) && (typeof by === 'bigint' || Number.isInteger(by)))
    }
    default:
      return false
  }
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'constant':
    case 'name':
      return []
    case 'field':
    case 'has':
    case 'not':
      return [node.of]
    case 'index':
      return [node.of, node.by]
    case 'and':
    case 'or':
      return node.sides
    case 'choice':
      return [node.test, node.then, node.else]
    case 'call':
      return node.args
    case 'list':
      return node.items
    case 'map':
      return [...node.keys, ...node.values]
    case 'fold':
      return [node.over]
  }
}

const part = (path: readonly (string | number)[]): Part => ({ path, text: textOf(path) })

/** `vendors[3].name`; the whole is `value`. */
function textOf(path: readonly (string | number)[]): string {
  const text = path
    .map((key) =>
      typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('')
  return text === '' ? 'value' : text.replace(/^\./, '')
}

function isWithin(path: readonly unknown[], outer: readonly unknown[] | undefined): boolean {
  return outer === undefined || outer.every((key, i) => path[i] === key)
}

function unique(parts: readonly Part[]): readonly Part[] {
  return [...new Map(parts.map((one) => [one.text, one])).values()].slice(0, MAX_PARTS)
}
