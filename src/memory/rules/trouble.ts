/**
 * Why a condition has no answer: paths that are absent, or an error of another kind.
 *
 * The library says `field not found` for a field that is absent and for a field of something that has none; so parts of
 * the condition are evaluated again, from the whole down to those that fail by themselves, and looked at.
 */
import { mentioned } from './blame.ts'
import { errorIn, isList, lacks, type Value } from './cel.ts'
import { elements, part, pathOf, scopeOf, unique, valueOf, type Part, type Scope } from './scope.ts'
import { childrenOf, type Fold, type Node } from './tree.ts'

export interface Trouble {
  readonly absent: readonly Part[]
  readonly errors: readonly string[]
}

/** What kept a condition from an answer, looked for from the whole down to the parts that fail by themselves. */
export function troubleIn(root: Node, bindings: Readonly<Record<string, Value>>): Trouble {
  const absent: Part[] = []
  const errors = new Set<string>()
  look(root, scopeOf(bindings))
  return { absent: unique(absent), errors: [...errors] }

  /** Whether this part has no value. */
  function look(node: Node, scope: Scope): boolean {
    const error = errorIn(valueOf(node, scope))
    if (error === undefined) return false
    // All are looked at, not the first alone: an error beside an absent path is still an error.
    if (!lookBelow(node, scope)) settle(node, scope, error)
    return true
  }

  /** Whether this part is neither true nor false, where it should be one of them. */
  function lookForBool(node: Node, scope: Scope): boolean {
    if (look(node, scope)) return true
    if (typeof valueOf(node, scope) === 'boolean') return false
    report(node, scope, 'neither true nor false')
    return true
  }

  function lookBelow(node: Node, scope: Scope): boolean {
    switch (node.kind) {
      case 'and':
      case 'or':
        return node.sides.map((side) => lookForBool(side, scope)).includes(true)
      case 'choice':
        if (lookForBool(node.test, scope)) return true
        return look(valueOf(node.test, scope) === true ? node.then : node.else, scope)
      case 'fold':
        return look(node.over, scope) || lookInFold(node, scope)
      default:
        return childrenOf(node)
          .map((child) => look(child, scope))
          .includes(true)
    }
  }

  function lookInFold(node: Fold & Node, scope: Scope): boolean {
    let isBelow = false
    for (const element of elements(node, scope)) {
      if (node.test) isBelow = lookForBool(node.test, element.scope) || isBelow
      // What a filter leaves out does not become anything.
      const isKept = node.test === undefined || valueOf(node.test, element.scope) === true
      if (node.result && isKept) isBelow = look(node.result, element.scope) || isBelow
      // One error is enough to fail; absent paths are looked at to the end, for an error among them.
      if (errors.size > 0) break
    }
    return isBelow
  }

  /** This part has no value although what it is made of has. */
  function settle(node: Node, scope: Scope, error: string): void {
    const path = pathOf(node.kind === 'fold' ? node.over : node, scope)
    if (path && isAbsence(node, scope)) absent.push(part(path))
    else report(node, scope, error)
  }

  function report(node: Node, scope: Scope, error: string): void {
    const paths = unique(mentioned(node, scope)).map(({ text }) => text)
    errors.add(paths.length > 0 ? `${paths.join(', ')}: ${error}` : error)
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
