/**
 * Which parts of a value made a condition come out as it did: what a violation shows.
 *
 * Runs after an evaluation whose outcome is known, by evaluating parts of the condition again: no more than the work once
 * again per level of nesting, and only for rules that are violated.
 */
import {
  elements,
  MAX_PARTS,
  part,
  pathOf,
  scopeOf,
  unique,
  valueOf,
  type Part,
  type Scope,
} from './scope.ts'
import type { Value } from './cel.ts'
import { childrenOf, type Fold, type Node } from './tree.ts'

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

/** Every path a part of a condition reads. */
export function mentioned(node: Node, scope: Scope): readonly Part[] {
  const path = pathOf(node, scope)
  if (path) return [part(path)]
  if (node.kind === 'fold') return inFold(node, true, scope)
  return childrenOf(node).flatMap((child) => mentioned(child, scope))
}

function isWithin(path: readonly unknown[], outer: readonly unknown[] | undefined): boolean {
  return outer === undefined || outer.every((key, i) => path[i] === key)
}
