/** Chance that comes from a seed, so that a run of kills can be had again. */
import { hash } from 'node:crypto'

export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  pick<T>(of: readonly T[]): T
}

/** Draws of a stream of their own for every seed: SHA-256 over a counter. */
export function randomBy(seed: string): Random {
  let draws = 0
  const next = (): number => Number.parseInt(hash('sha256', `${seed}\0${++draws}`).slice(0, 12), 16) / 2 ** 48
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: (of) => {
      const one = of[between(0, of.length - 1)]
      if (one === undefined) throw new Error('There is nothing to pick from.')
      return one
    },
  }
}
