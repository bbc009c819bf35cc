/**
 * A condition as a tree of ours: what the type walk, the cost and the search for what offends all read.
 *
 * The library expands `exists`, `all` and their like into loops with an accumulator; here they are themselves again.
 * Its own node stays beside each of ours, so that a part can be evaluated alone.
 */
import { parseText, type Call, type Comprehension, type Expr } from './cel.ts'
import { RuleInvalid, type Problem } from './errors.ts'

export type Node = Form & { readonly at: number; readonly expr: Expr }
export type Form =
  | { readonly kind: 'constant'; readonly type: ConstantType; readonly value: unknown }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly of: Node; readonly name: string }
  | { readonly kind: 'has'; readonly of: Node; readonly name: string }
  | { readonly kind: 'index'; readonly of: Node; readonly by: Node }
  | { readonly kind: 'and' | 'or'; readonly sides: readonly Node[] }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'choice'; readonly test: Node; readonly then: Node; readonly else: Node }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly isMethod: boolean
      readonly args: readonly Node[]
    }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly keys: readonly Node[]; readonly values: readonly Node[] }
  | Fold
/** A loop over a list, or over the keys of a map. */
export interface Fold {
  readonly kind: 'fold'
  readonly macro: 'exists' | 'all' | 'exists_one' | 'map' | 'filter'
  readonly over: Node
  readonly variable: string
  /** What each element is asked; a `map` may ask nothing. */
  readonly test?: Node
  /** What each element becomes, of a `map`. */
  readonly result?: Node
}
export type ConstantType = 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'null'

const CONSTANTS: Readonly<Record<string, ConstantType>> = {
  boolValue: 'bool',
  int64Value: 'int',
  uint64Value: 'uint',
  doubleValue: 'double',
  stringValue: 'string',
  bytesValue: 'bytes',
  nullValue: 'null',
}
/** Each walk recurses over the tree, and so does evaluation. */
const MAX_DEPTH = 60
const MAX_FOLDS = 2

/** @throws {RuleInvalid} no expression, nested too deeply, or with a part that rules do not have */
export function treeOf(target: string, condition: string): Node {
  const refuse = (at: number, message: string): never => {
    throw new RuleInvalid(target, condition, [{ at, message }])
  }
  let parsed
  try {
    parsed = parseText(condition)
  } catch (error) {
    const { at, message } = syntaxProblem(error)
    return refuse(at, message)
  }
  const positions = parsed.sourceInfo?.positions ?? {}

  const build = (expr: Expr | undefined, depth: number, folds: number): Node => {
    const at = positions[String(expr?.id)] ?? 0
    if (expr === undefined) return refuse(at, 'something is missing here.')
    if (depth > MAX_DEPTH)
      return refuse(at, `this is nested more than ${MAX_DEPTH} deep; say it in several rules.`)
    const below = (child: Expr | undefined) => build(child, depth + 1, folds)
    return { ...formOf(expr, at, below), at, expr }

    function formOf(node: Expr, place: number, child: typeof below): Form {
      const { exprKind } = node
      switch (exprKind.case) {
        case 'constExpr': {
          const { case: kind = '', value } = exprKind.value.constantKind
          const type = CONSTANTS[kind]
          if (type === undefined) return refuse(place, 'rules have no such constant.')
          return { kind: 'constant', type, value: type === 'null' ? null : value }
        }
        case 'identExpr':
          return { kind: 'name', name: exprKind.value.name }
        case 'selectExpr': {
          const { operand, field, testOnly } = exprKind.value
          return { kind: testOnly ? 'has' : 'field', of: child(operand), name: field }
        }
        case 'callExpr':
          return callForm(exprKind.value, child)
        case 'listExpr':
          return { kind: 'list', items: exprKind.value.elements.map(child) }
        case 'structExpr': {
          const { messageName, entries } = exprKind.value
          if (messageName !== '')
            return refuse(place, `rules have no type "${messageName}" to make values of.`)
          // Without a message's name every key is an expression.
          const keys = entries.map(({ keyKind }) => child(keyKind.value as Expr))
          return { kind: 'map', keys, values: entries.map(({ value }) => child(value)) }
        }
        case 'comprehensionExpr':
          if (folds >= MAX_FOLDS)
            return refuse(place, `loops are nested more than ${MAX_FOLDS} deep; say it in several rules.`)
          return foldForm(exprKind.value, child, (inner) => build(inner, depth + 1, folds + 1))
        case undefined:
          return refuse(place, 'something is missing here.')
      }
    }
  }
  return build(parsed.expr, 0, 0)
}

function callForm({ target, function: name, args }: Call, child: (expr: Expr | undefined) => Node): Form {
  const [first, second, third] = args
  switch (name) {
    case '_&&_':
      return { kind: 'and', sides: args.map(child) }
    case '_||_':
      return { kind: 'or', sides: args.map(child) }
    case '!_':
      return { kind: 'not', of: child(first) }
    case '_?_:_':
      return { kind: 'choice', test: child(first), then: child(second), else: child(third) }
    case '_[_]':
      return { kind: 'index', of: child(first), by: child(second) }
    default: {
      const all = target === undefined ? args : [target, ...args]
      return { kind: 'call', name, isMethod: target !== undefined, args: all.map(child) }
    }
  }
}

/** Which macro a loop came from, by how its accumulator begins and grows. */
function foldForm(loop: Comprehension, outer: (expr: Expr | undefined) => Node, inner: typeof outer): Fold {
  const base = { kind: 'fold', over: outer(loop.iterRange), variable: loop.iterVar } as const
  const begin = loop.accuInit?.exprKind
  const step = callIn(loop.loopStep)
  if (begin?.case === 'constExpr' && begin.value.constantKind.case === 'boolValue') {
    const macro = begin.value.constantKind.value === true ? 'all' : 'exists'
    return { ...base, macro, test: inner(step?.args[1]) }
  }
  if (begin?.case === 'constExpr') return { ...base, macro: 'exists_one', test: inner(step?.args[0]) }
  if (step?.function !== '_?_:_') return { ...base, macro: 'map', result: inner(appended(step)) }
  const test = inner(step.args[0])
  const kept = appended(callIn(step.args[1]))
  const isItself = kept?.exprKind.case === 'identExpr' && kept.exprKind.value.name === loop.iterVar
  return isItself ? { ...base, macro: 'filter', test } : { ...base, macro: 'map', test, result: inner(kept) }
}

const callIn = (expr: Expr | undefined): Call | undefined =>
  expr?.exprKind.case === 'callExpr' ? expr.exprKind.value : undefined

/** The element that `accumulator + [element]` adds. */
function appended(step: Call | undefined): Expr | undefined {
  const list = step?.args[1]?.exprKind
  return list?.case === 'listExpr' ? list.value.elements[0] : undefined
}

function syntaxProblem(error: unknown): Problem {
  if (error instanceof RangeError) return { at: 0, message: 'this is nested too deeply to be read.' }
  const { location, rawMessage, message } = error as {
    readonly location?: { readonly start: { readonly offset: number } }
    readonly rawMessage?: string
    readonly message?: string
  }
  return {
    at: location?.start.offset ?? 0,
    message: `this is no CEL: ${rawMessage ?? message ?? 'it cannot be read'}.`,
  }
}

/** What a part is made of; of a loop, what it goes through. */
export function childrenOf(node: Node): readonly Node[] {
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
