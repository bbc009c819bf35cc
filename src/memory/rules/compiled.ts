/** From a rule to something that can be asked again and again. */
import { planOf, type Plan } from './cel.ts'
import { RuleInvalid } from './errors.ts'
import { readRule, type ReadRule, type Rule } from './rule.ts'
import { sampleFor } from './sample.ts'
import { shapeOf, type Shape } from './shape.ts'
import { treeOf, type Node } from './tree.ts'
import { problemsIn } from './typing.ts'
import { evaluate } from './verdict.ts'

/** A rule made ready. Its text is all that needs to be stored: compiling it again gives the same. */
export interface CompiledRule extends ReadRule {
  readonly tree: Node
  readonly plan: Plan
  /** What the values are, by the checkpoint's schema. */
  readonly shape: Shape
  /** Whether the condition reads the value at all. */
  readonly isAboutValue: boolean
}

/**
 * A rule, parsed and checked.
 *
 * @param schema JSON Schema of what the target is handed, where one is known; without it fields are not checked
 * @throws {RuleInvalid} every problem of it, each with its place in the condition
 *
 * @example compileRule({ target: 'recommendation', forbid: "value.vendors.exists(v, v.name == 'acme')" })
 */
export function compileRule(given: Rule, schema?: object): CompiledRule {
  const rule = readRule(given)
  const tree = treeOf(rule.target, rule.condition)
  const shape = sharedShapeOf(schema)
  const problems = problemsIn(tree, shape)
  if (problems.length > 0) throw new RuleInvalid(rule.target, rule.condition, problems)
  const isAboutValue = mentionsValue(tree)
  const compiled: CompiledRule = { ...rule, tree, plan: planOf(tree.expr), shape, isAboutValue }
  // Once, so that what the library makes on first use (plans, patterns, types) is there before a run waits for it.
  evaluate(compiled, sampleFor(tree))
  return compiled
}

const shapes = new WeakMap<object, Shape>()
const OPEN = shapeOf(undefined)

/** Rules of one checkpoint share a shape, and so share what was converted by it. */
function sharedShapeOf(schema: object | undefined): Shape {
  if (schema === undefined) return OPEN
  const shape = shapes.get(schema) ?? shapeOf(schema)
  shapes.set(schema, shape)
  return shape
}

function mentionsValue(tree: Node): boolean {
  return JSON.stringify(tree, (key, inner: unknown) =>
    key === 'expr' || typeof inner === 'bigint' ? undefined : inner,
  ).includes('"kind":"name","name":"value"')
}
