/**
 * Live rules by what they are about.
 *
 * X1. An item has at most one rule here; adding another for it replaces the first.
 * X2. `forTarget` gives rules in the order in which their items were added, whatever the order of targets and patterns.
 */
import type { CompiledRule } from './compiled.ts'
import { hasWildcard, isMatch } from './pattern.ts'

export interface IndexedRule {
  readonly itemId: string
  readonly rule: CompiledRule
}
interface Entry extends IndexedRule {
  readonly order: number
}

/** Names come from code and are few; a program that makes them up must not fill the memory. */
const MAX_KNOWN_NAMES = 1000

export class RuleIndex {
  readonly #byItem = new Map<string, Entry>()
  readonly #byTarget = new Map<string, Set<Entry>>()
  readonly #patterns = new Set<Entry>()
  /** Answers given since the last change. */
  readonly #known = new Map<string, readonly IndexedRule[]>()
  #added = 0

  get size(): number {
    return this.#byItem.size
  }

  add(itemId: string, rule: CompiledRule): void {
    this.remove(itemId)
    const entry: Entry = { itemId, rule, order: this.#added++ }
    this.#byItem.set(itemId, entry)
    if (hasWildcard(rule.target)) this.#patterns.add(entry)
    else {
      const entries = this.#byTarget.get(rule.target) ?? new Set()
      this.#byTarget.set(rule.target, entries.add(entry))
    }
  }

  /** Whether there was a rule of that item. */
  remove(itemId: string): boolean {
    this.#known.clear()
    const entry = this.#byItem.get(itemId)
    if (!entry) return false
    this.#byItem.delete(itemId)
    this.#patterns.delete(entry)
    const entries = this.#byTarget.get(entry.rule.target)
    entries?.delete(entry)
    if (entries?.size === 0) this.#byTarget.delete(entry.rule.target)
    return true
  }

  /** The rules about a checkpoint, step or task of this name. */
  forTarget(name: string): readonly IndexedRule[] {
    const known = this.#known.get(name)
    if (known) return known
    const matching = [...this.#patterns].filter(({ rule }) => isMatch(rule.target, name))
    const found = [...(this.#byTarget.get(name) ?? []), ...matching].toSorted((a, b) => a.order - b.order)
    if (this.#known.size >= MAX_KNOWN_NAMES) this.#known.clear()
    this.#known.set(name, found)
    return found
  }
}
