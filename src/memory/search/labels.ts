/**
 * What is filtered by, for each document by its number: version, kind, status, scope, and what it is about.
 *
 * L1. Names are kept once. Of what an item is about only a hash of 64 bits is kept: two that share one would share a filter, so whoever
 *     filters by it looks at the item as well.
 * L2. What has ended by the time that is asked about counts as `expired`, if it was `active` or `proposed`.
 * L3. Only names that a document has are written: what was forgotten is not told by a list of names.
 */
export interface Label {
  readonly version: number
  readonly kind: string
  readonly status: string
  readonly scope: string
  readonly subject: string
  /** When it stops being live by itself, in milliseconds since 1970. */
  readonly endsAt: number
}

/** What is asked for; each that is missing fits. */
export interface Filter {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly kinds?: readonly string[]
  readonly statuses?: readonly string[]
  readonly scopes?: readonly string[]
  readonly subject?: string
}

/** Version, kind, status, scope, two of the subject, two of the end: whole seconds would let something live too long. */
export const WIDTH = 8
const LIVE = ['active', 'proposed']

export class Labels {
  #numbers = new Uint32Array(1024 * WIDTH)
  readonly #names: string[] = []
  readonly #byName = new Map<string, number>()

  /** As `packed` gave them. */
  static of(names: readonly string[], numbers: Uint32Array): Labels {
    const labels = new Labels()
    for (const name of names) labels.#numberOf(name)
    labels.#numbers = numbers.slice()
    return labels
  }

  put(doc: number, { version, kind, status, scope, subject, endsAt }: Label): void {
    const at = doc * WIDTH
    if (at >= this.#numbers.length) {
      const numbers = new Uint32Array(Math.ceil((doc + 1) * 1.5) * WIDTH)
      numbers.set(this.#numbers)
      this.#numbers = numbers
    }
    const names = [kind, status, scope].map((name) => this.#numberOf(name))
    this.#numbers.set([version, ...names, ...hashed(subject), ...halves(endsAt)], at)
  }

  remove(doc: number): void {
    this.#numbers.fill(0, doc * WIDTH, (doc + 1) * WIDTH)
  }

  versionOf(doc: number): number {
    return this.#numbers[doc * WIDTH] ?? 0
  }

  /** What tells whether a document passes. */
  test(filter: Filter): (doc: number) => boolean {
    const setOf = (names: readonly string[] | undefined) =>
      names && new Set(names.map((name) => this.#byName.get(name)))
    const [kinds, statuses, scopes] = [filter.kinds, filter.statuses, filter.scopes].map(setOf)
    const subject = filter.subject === undefined ? undefined : hashed(filter.subject)
    const live = new Set(LIVE.map((name) => this.#byName.get(name)))
    const takesExpired = filter.statuses?.includes('expired') ?? true
    const [high, low] = halves(filter.now)
    const of = this.#numbers
    return (doc) => {
      const at = doc * WIDTH
      return (
        (live.has(of[at + 2]) && hasEnded(of[at + 6] ?? 0, of[at + 7] ?? 0, high, low)
          ? takesExpired
          : (statuses?.has(of[at + 2]) ?? true)) &&
        (kinds?.has(of[at + 1]) ?? true) &&
        (scopes?.has(of[at + 3]) ?? true) &&
        (subject === undefined || (of[at + 4] === subject[0] && of[at + 5] === subject[1]))
      )
    }
  }

  /** Of these documents, in their order. */
  packed(docs: readonly number[]): { readonly names: readonly string[]; readonly numbers: Uint32Array } {
    const kept = new Labels()
    const numbers = new Uint32Array(docs.length * WIDTH)
    for (const [i, doc] of docs.entries()) {
      const of = this.#numbers.subarray(doc * WIDTH, (doc + 1) * WIDTH)
      numbers.set(of, i * WIDTH)
      for (const field of [1, 2, 3])
        numbers[i * WIDTH + field] = kept.#numberOf(this.#names[of[field] ?? 0] ?? '')
    }
    return { names: kept.#names, numbers }
  }

  #numberOf(name: string): number {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const number = this.#names.push(name) - 1
    this.#byName.set(name, number)
    return number
  }
}

/** A time as two numbers that compare as it does; what lies before 1970 has always ended. */
function halves(time: number): readonly [high: number, low: number] {
  const whole = Math.min(Math.max(0, Math.trunc(time)), Number.MAX_SAFE_INTEGER)
  return [Math.floor(whole / 2 ** 32), whole >>> 0]
}

const hasEnded = (high: number, low: number, nowHigh: number, nowLow: number): boolean =>
  high < nowHigh || (high === nowHigh && low <= nowLow)

/** Two numbers that go different ways over the same text. */
function hashed(subject: string): readonly [number, number] {
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  for (let i = 0; i < subject.length; i++) {
    const code = subject.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
    b ^= b >>> 13
  }
  return [(a ^ (a >>> 15)) >>> 0, (b ^ (b >>> 16)) >>> 0]
}
