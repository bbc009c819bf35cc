/**
 * The type walk: is every field there, does every operator take what it is given, is the whole a yes or no?
 *
 * The library's own checker is a stub. This one is gradual: what the schema leaves open fits everything, and of several
 * alternatives (`string | null`) one that fits is enough, since evaluation still fails closed where the other comes.
 * It goes on after a problem, so that a rule's author sees all of them at once.
 */
import type { Problem } from './errors.ts'
import { compilePattern } from './cel.ts'
import { ANY, listOfShape, only, OPEN_MAP, type Alternative, type Shape } from './shape.ts'
import { FUNCTIONS, itemOf, resultOf } from './signatures.ts'
import type { Fold, Node } from './tree.ts'

type Names = ReadonlyMap<string, Shape>

/** Names of types are values too, so that `type(value.x) == string` can be asked. */
const TYPE_NAMES = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']

/** Everything wrong with a condition over a `value` of this shape. */
export function problemsIn(root: Node, value: Shape): readonly Problem[] {
  const problems: Problem[] = []
  const whole = walk(root, new Map([['value', value]]))
  if (problems.length === 0) expectBool(root, whole, 'a rule answers yes or no')
  return problems

  function report(node: Node, message: string): Shape {
    // A node's own place is its operator's; a reader looks for where it begins.
    problems.push({ at: node.at, message })
    return ANY
  }

  function expectBool(node: Node, shape: Shape, why: string): void {
    if (!shape.some(({ kind }) => kind === 'any' || kind === 'bool'))
      report(node, `${why}, and this is ${said(shape)}.`)
  }

  function walk(node: Node, names: Names): Shape {
    switch (node.kind) {
      case 'constant':
        return only(node.type)
      case 'name':
        return named(node, names)
      case 'field':
      case 'has': {
        const shape = fieldOf(node, walk(node.of, names))
        return node.kind === 'has' ? only('bool') : shape
      }
      case 'index':
        return indexed(node, walk(node.of, names), walk(node.by, names))
      case 'and':
      case 'or':
        for (const side of node.sides) {
          expectBool(
            side,
            walk(side, names),
            `${node.kind === 'and' ? '&&' : '||'} joins what is true or false`,
          )
        }
        return only('bool')
      case 'not':
        expectBool(node.of, walk(node.of, names), '! turns what is true or false')
        return only('bool')
      case 'choice':
        expectBool(node.test, walk(node.test, names), 'what stands before ? is true or false')
        return [...walk(node.then, names), ...walk(node.else, names)]
      case 'list': {
        const items = node.items.flatMap((item) => walk(item, names))
        return listOfShape(() => (items.length === 0 ? ANY : items))
      }
      case 'map':
        for (const child of [...node.keys, ...node.values]) walk(child, names)
        return OPEN_MAP
      case 'fold':
        return folded(node, names)
      case 'call':
        return called(
          node,
          node.args.map((arg) => walk(arg, names)),
        )
    }
  }

  function named(node: Node & { readonly kind: 'name' }, names: Names): Shape {
    const shape = names.get(node.name)
    if (shape) return shape
    if (TYPE_NAMES.includes(node.name)) return only('type')
    return report(node, `there is no "${node.name}" here; a condition speaks of value${others(names)}.`)
  }

  function fieldOf(node: Node & { readonly kind: 'field' | 'has' }, of: Shape): Shape {
    const found: Alternative[] = []
    const known = new Set<string>()
    for (const one of of) {
      if (one.kind === 'any') return ANY
      if (one.kind !== 'map') continue
      const shape = one.field(node.name)
      if (shape) found.push(...shape)
      for (const name of one.fields) known.add(name)
    }
    if (found.length > 0) return found
    const owner = wording(node.of)
    if (!of.some(({ kind }) => kind === 'map'))
      return report(node, `${owner} is ${said(of)}: it has no field "${node.name}".`)
    return report(node, `${owner} has no field "${node.name}"; it has ${listed([...known])}.`)
  }

  function indexed(node: Node & { readonly kind: 'index' }, of: Shape, by: Shape): Shape {
    const isNumber = by.some(
      ({ kind }) => kind === 'any' || kind === 'int' || kind === 'uint' || kind === 'double',
    )
    const key = node.by.kind === 'constant' && typeof node.by.value === 'string' ? node.by.value : undefined
    if (key !== undefined && of.some(({ kind }) => kind === 'map')) {
      return fieldOf({ ...node, kind: 'field', name: key }, of)
    }
    const found = of.flatMap((one): Shape => {
      if (one.kind === 'any' || one.kind === 'map') return ANY
      return one.kind === 'list' && isNumber ? one.item() : []
    })
    return found.length > 0
      ? found
      : report(node, `${wording(node.of)} is ${said(of)}: it has nothing at ${said(by)}.`)
  }

  function folded(node: Fold & Node, names: Names): Shape {
    const over = walk(node.over, names)
    const items = over.flatMap(itemOf)
    if (items.length === 0 && over.length > 0 && !over.some(({ kind }) => kind === 'list')) {
      report(
        node.over,
        `${node.macro} goes through a list or a map, and ${wording(node.over)} is ${said(over)}.`,
      )
    }
    const within = new Map(names).set(node.variable, items.length > 0 ? items : ANY)
    if (node.test)
      expectBool(
        node.test,
        walk(node.test, within),
        `${node.macro} asks each element something true or false`,
      )
    const result = node.result ? walk(node.result, within) : undefined
    if (node.macro === 'filter') return listOfShape(() => items)
    return node.macro === 'map' ? listOfShape(() => result ?? ANY) : only('bool')
  }

  function called(node: Node & { readonly kind: 'call' }, args: readonly Shape[]): Shape {
    const [left = ANY, right = ANY] = args
    const sign = /^_?(\W+?)_?$/.exec(node.name.replace('@in', '_in_'))?.[1] ?? node.name
    if (node.name === '_==_' || node.name === '_!=_') {
      if (!meets(left, right)) return report(node, `${said(left)} is never equal to ${said(right)}.`)
      return only('bool')
    }
    if (node.name === '@in') {
      const items = right.flatMap(itemOf)
      if (!right.some(({ kind }) => kind === 'any' || kind === 'list' || kind === 'map')) {
        return report(node, `in looks into a list or a map, and this is ${said(right)}.`)
      }
      return items.length === 0 || meets(left, items)
        ? only('bool')
        : report(node, `${said(left)} is never among ${said(items)}.`)
    }
    const name = node.isMethod ? `.${node.name}` : node.name
    const result = resultOf(name, args)
    if (!result)
      return report(node, `there is no function "${node.name}"; there are ${FUNCTIONS.join(', ')}.`)
    if (result.length === 0) return report(node, `${sign} does not take ${args.map(said).join(' and ')}.`)
    if (name === '.matches') checkPattern(node.args[1])
    return result
  }

  /** Only a pattern written in the rule has a cost that can be told beforehand. */
  function checkPattern(node: Node | undefined): void {
    if (node?.kind !== 'constant') {
      if (node) report(node, 'the pattern of matches has to be written in the rule.')
      return
    }
    try {
      compilePattern(String(node.value))
    } catch (error) {
      report(
        node,
        `this is no regular expression (RE2): ${error instanceof Error ? error.message : String(error)}.`,
      )
    }
  }
}

const NUMBERS = ['int', 'uint', 'double']

/** Whether two values of these shapes can be equal. Null may be asked of anything. */
function meets(left: Shape, right: Shape): boolean {
  if (left.length === 0 || right.length === 0) return true
  return left.some((a) =>
    right.some((b) => {
      if (a.kind === 'any' || b.kind === 'any' || a.kind === 'null' || b.kind === 'null') return true
      if (a.kind === 'list' && b.kind === 'list') return meets(a.item(), b.item())
      return a.kind === b.kind || (NUMBERS.includes(a.kind) && NUMBERS.includes(b.kind))
    }),
  )
}

const WORDS: Readonly<Record<Alternative['kind'], string>> = {
  any: 'anything',
  bool: 'true or false',
  int: 'a whole number',
  uint: 'an unsigned number',
  double: 'a number',
  string: 'text',
  bytes: 'bytes',
  time: 'a time',
  duration: 'a duration',
  null: 'null',
  type: 'a type',
  list: 'a list',
  map: 'an object',
}

function said(shape: Shape): string {
  return [...new Set(shape.map(({ kind }) => WORDS[kind]))].join(' or ') || 'nothing'
}

/** `value.vendors` of a chain of names and fields; else what can be said without one. */
function wording(node: Node): string {
  if (node.kind === 'name') return node.name
  return node.kind === 'field' ? `${wording(node.of)}.${node.name}` : 'this'
}

function others(names: Names): string {
  return [...names.keys()]
    .filter((name) => name !== 'value')
    .map((name) => ` and ${name}`)
    .join('')
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  return names.length > 20
    ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
    : names.join(', ')
}
