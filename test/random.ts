/** Chance that comes from a seed: the same draws on every machine, so that whatever it led to can be had again. */
import { hash } from 'node:crypto'

export class Random {
  /** In [0, 1). */
  readonly next: () => number

  constructor(next: () => number) {
    this.next = next
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<const T>(of: readonly T[]): T {
    const one = of[this.between(0, of.length - 1)]
    if (one === undefined) throw new Error('There is nothing to pick from.')
    return one
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][] // the keys of a Record<K, …>
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    return this.pick(entries)[0]
  }
}

/** Seeds that are text: SHA-256 over a counter. */
export function randomBy(seed: string): Random {
  let draws = 0
  return new Random(() => Number.parseInt(hash('sha256', `${seed}\0${++draws}`).slice(0, 12), 16) / 2 ** 48)
}

/** Several streams of draws a seed, fast enough to draw at every turn: sfc32. */
export function sfc32(seed: number, stream: number): Random {
  let a = seed >>> 0
  let b = Math.floor(seed / 2 ** 32) ^ (stream * 0x9e3779b9)
  let c = 0x5eed ^ stream
  let d = 1
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 15; i++) next()
  return new Random(next)
}

/** One stream of draws a seed: mulberry32. */
export function mulberry32(seed: number): Random {
  let state = (seed * 0x9e3779b1) >>> 0
  return new Random(() => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  })
}
