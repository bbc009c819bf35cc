/**
 * Names that some rule may be about: a step of which nobody ever said anything is recorded without a question.
 *
 * T1. What this process makes a rule about is known here before the rule is on the record; what others do is looked up once a second.
 * T2. Nothing is taken away again: a name too many costs a question, one too few would let something pass.
 */
import type { Log } from '../log/index.ts'
import { isMatch } from './rules/pattern.ts'

const OLD_MS = 1000

const known = new WeakMap<Log, Targets>()

export function targetsOf(log: Log): Targets {
  const targets = known.get(log) ?? new Targets(log)
  known.set(log, targets)
  return targets
}

export class Targets {
  readonly #log: Log
  readonly #names = new Set<string>()
  readonly #patterns = new Set<string>()
  #seen = 0
  #askedAt = -Infinity

  constructor(log: Log) {
    this.#log = log
  }

  add(target: string): void {
    const isPattern = target.includes('*')
    ;(isPattern ? this.#patterns : this.#names).add(target)
  }

  /** Whether what is known is older than a second. */
  isOld(now: number): boolean {
    return Math.abs(now - this.#askedAt) >= OLD_MS
  }

  has(name: string): boolean {
    if (this.#names.has(name)) return true
    for (const pattern of this.#patterns) if (isMatch(pattern, name)) return true
    return false
  }

  async refresh(now: number): Promise<void> {
    const where = { rule_target: { not: null }, position: { gt: this.#seen } }
    const rows = await this.#log.select('items', { where, columns: ['rule_target', 'position'] })
    for (const row of rows) {
      this.add(String(row['rule_target']))
      this.#seen = Math.max(this.#seen, Number(row['position']))
    }
    this.#askedAt = now
  }
}
