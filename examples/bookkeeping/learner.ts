/**
 * Learns which label an entry gets, from those that were given before; and learns whom to believe.
 *
 * Each key an entry shares with earlier ones is an expert: it says how probable each label is, from its tally. Their words are
 * multiplied, each to the power of its reliability (a logarithmic opinion pool), and the reliabilities are learned entry by entry, by
 * the gradient of the logarithmic loss (context mixing, as in the PAQ compressors). An expert's reliability depends on its kind and on
 * how much its tally holds and agrees: "the same payee and amount, seen six times, always the same" is another one than "seen once".
 *
 * N1. Nothing is fitted to one ledger beforehand: every reliability begins alike.
 * N2. The same entries in the same order give the same suggestions. No chance, no clock.
 */
import { plainWords, type Entry } from './entry.ts'
import { keysOf, type Before, type Key } from './likeness.ts'
import { Tally, type Counted } from './tally.ts'
import { Threshold } from './threshold.ts'

/** What an entry should be, and why. */
export interface Suggestion {
  /** Undefined where nothing before is like it. */
  readonly label: string | undefined
  /** Whether it may be taken without asking. */
  readonly isSure: boolean
  readonly probability: number
  /** The three most probable, the first included. */
  readonly likely: readonly string[]
  readonly why: readonly Reason[]
}

/** Earlier entries that a suggestion rests on. */
export interface Reason {
  /** What they share with it: "payee and amount". */
  readonly same: string
  /** How many of those that share it have this label. */
  readonly times: number
  readonly of: number
  /** The last of them. */
  readonly entries: readonly string[]
}

/** What the experts say of an entry. */
export interface Weighed {
  readonly keys: readonly Key[]
  readonly votes: readonly Vote[]
  readonly candidates: readonly number[]
  readonly probabilities: readonly number[]
  /** How many entries had been learned. */
  readonly asOf: number
}

interface Vote {
  readonly share: number
  readonly same: string
  readonly tally: Tally
  readonly reliability: Reliability
  /** For each candidate: how much more probable than by chance, as a logarithm. */
  readonly says: readonly number[]
}

interface Reliability {
  weight: number
  /** Sum of the squares of its gradients (AdaGrad: Duchi, Hazan and Singer, 2011). */
  squares: number
}

const FIRST_WEIGHT = 0.3
const RATE = 0.1
/** A tally of one is not certain: as if so many had been seen of every label together. */
const DOUBT = 0.5
const MOST_REASONS = 3

export class Learner {
  readonly #tallies = new Map<string, Tally>()
  readonly #reliabilities = new Map<string, Reliability>()
  readonly #numbers = new Map<string, number>()
  readonly #labels: string[] = []
  readonly #last = new Map<string, string>()
  readonly #threshold = new Threshold()
  readonly #isInOrder: boolean
  #learned = 0

  /** `isInOrder`: each entry's label is known before the next is suggested, so what came just before it counts. */
  constructor({ isInOrder = false }: { readonly isInOrder?: boolean } = {}) {
    this.#isInOrder = isInOrder
  }

  suggest(entry: Entry): Suggestion {
    return this.suggestionOf(this.weigh(entry))
  }

  /** What the experts say, for `suggestionOf` and for `learn`. */
  weigh(entry: Entry): Weighed {
    const keys = keysOf(entry, this.#before(entry))
    const known = keys.flatMap(({ id, kind, share }) => {
      const tally = this.#tallies.get(id)
      return tally ? [{ kind, share, tally }] : []
    })
    const candidates = [...new Set(known.flatMap(({ tally }) => tally.candidates))]
    const votes = known.map(({ kind, share, tally }): Vote => {
      const reliability = this.#reliability(`${kind}|${tally.standing}`)
      return { same: kind, share, tally, reliability, says: this.#said(tally, candidates, entry.day) }
    })
    return { keys, votes, candidates, probabilities: pooled(votes, candidates.length), asOf: this.#learned }
  }

  suggestionOf({ votes, candidates, probabilities }: Weighed): Suggestion {
    const order = candidates
      .map((_, i) => i)
      .sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0))
    const [best] = order
    if (best === undefined) return { label: undefined, isSure: false, probability: 0, likely: [], why: [] }
    const probability = probabilities[best] ?? 0
    const name = (i: number): string => this.#labels[candidates[i] ?? -1] ?? ''
    return {
      label: name(best),
      isSure: this.#threshold.isSure(probability),
      probability,
      likely: order.slice(0, 3).map(name),
      why: reasonsFor(best, candidates, votes),
    }
  }

  /** The entry's label is known now. `said` is what was suggested before it was, perhaps some time ago. */
  learn(entry: Entry, label: string, said: Weighed = this.weigh(entry)): void {
    const number = this.#numberOf(label)
    this.#judge(said, number)
    const weighed = said.asOf === this.#learned ? said : this.weigh(entry)
    this.#rely(weighed, number)
    this.#learned++
    for (const { id } of weighed.keys) {
      let tally = this.#tallies.get(id)
      if (!tally) this.#tallies.set(id, (tally = new Tally()))
      tally.add(number, entry.day, entry.id)
    }
    if (!this.#isInOrder) return
    const [payee, text] = placesOf(entry)
    this.#last.set(payee, label).set(text, label)
  }

  /** Who was right is believed more the next time. */
  #rely({ votes, candidates, probabilities }: Weighed, label: number): void {
    const right = candidates.indexOf(label)
    if (right < 0) return
    for (const { share, says, reliability } of votes) {
      let expected = 0
      for (let i = 0; i < says.length; i++) expected += (says[i] ?? 0) * (probabilities[i] ?? 0)
      const gradient = ((says[right] ?? 0) - expected) * share
      reliability.squares += gradient * gradient
      const weight = reliability.weight + (RATE * gradient) / Math.sqrt(reliability.squares)
      reliability.weight = Math.max(0, weight)
    }
  }

  /** What was suggested is held against what it was: whether it may be taken silently is learned from that. */
  #judge({ candidates, probabilities }: Weighed, label: number): void {
    if (candidates.length === 0) return
    const top = probabilities.reduce((most, p) => Math.max(most, p), 0)
    this.#threshold.observe(top, probabilities[candidates.indexOf(label)] === top)
  }

  /** How much more probable than by chance each candidate is to a tally. */
  #said(tally: Tally, candidates: readonly number[], day: number): readonly number[] {
    const chance = 1 / Math.max(2, this.#labels.length)
    const left = tally.leftOn(day)
    const total = (tally.total * left + DOUBT) * chance
    const never = Math.log((DOUBT * chance) / total)
    return candidates.map((label) => {
      const counted = tally.labels.get(label)
      return counted ? Math.log((counted.count * left + DOUBT * chance) / total) : never
    })
  }

  #before(entry: Entry): Before | undefined {
    if (!this.#isInOrder) return undefined
    const [payee, text] = placesOf(entry)
    return { ofPayee: this.#last.get(payee), ofText: this.#last.get(text) }
  }

  #reliability(id: string): Reliability {
    let found = this.#reliabilities.get(id)
    if (!found) this.#reliabilities.set(id, (found = { weight: FIRST_WEIGHT, squares: 1 }))
    return found
  }

  #numberOf(label: string): number {
    let number = this.#numbers.get(label)
    if (number === undefined) {
      this.#numbers.set(label, (number = this.#labels.length))
      this.#labels.push(label)
    }
    return number
  }
}

const placesOf = ({ payee, text }: Entry): readonly [string, string] => [
  `${plainWords(payee)}\n`,
  `${plainWords(payee)}\n${plainWords(text)}|`,
]

/** Each expert's word to the power of its reliability, multiplied, and made to sum to one. */
function pooled(votes: readonly Vote[], candidates: number): readonly number[] {
  const scores = new Float64Array(candidates)
  for (const { share, says, reliability } of votes) {
    const power = reliability.weight * share
    for (let i = 0; i < candidates; i++) scores[i] = (scores[i] ?? 0) + power * (says[i] ?? 0)
  }
  const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity)
  const powers = Array.from(scores, (score) => Math.exp(score - highest))
  const sum = powers.reduce((all, power) => all + power, 0)
  return powers.map((power) => power / sum)
}

/** Those who spoke for it most, in how far they did so more than for the others. */
function reasonsFor(best: number, candidates: readonly number[], votes: readonly Vote[]): readonly Reason[] {
  const label = candidates[best] ?? -1
  return votes
    .flatMap(({ same, share, tally, says, reliability }) => {
      const mean = says.reduce((sum, said) => sum + said, 0) / says.length
      // With nothing to choose between, whoever counts most has said it.
      const margin = (says[best] ?? 0) - (candidates.length > 1 ? mean : 0)
      const by = reliability.weight * share * margin
      const counted = tally.labels.get(label)
      return counted && by > 0 ? [{ by, same, counted, of: tally.seen }] : []
    })
    .sort((a, b) => b.by - a.by)
    .filter(({ counted }, i, all) => all.findIndex((one) => isAlike(one.counted, counted)) === i)
    .slice(0, MOST_REASONS)
    .map(({ same, counted, of }) => ({ same, times: counted.times, of, entries: [...counted.rests] }))
}

/** Two keys that the same entries share say the same. */
const isAlike = (a: Counted, b: Counted): boolean =>
  a.times === b.times && a.rests.every((entry, i) => entry === b.rests[i])
