/**
 * A ledger whose answers are known, gone through month by month: how many rows a person would have had to correct.
 *
 * A correction is a row whose first suggestion was wrong, or that had none. The trivial rule learns from the same rows at the same
 * time. `each row`: every row is known before the next is suggested. `each month`: a month is known when it is over, as in the example.
 */
import { learnMonth } from './books.ts'
import type { Entry } from './entry.ts'
import { Learner, type Suggestion } from './learner.ts'
import { Commonest } from './trivial.ts'

export interface Known {
  readonly entry: Entry
  readonly label: string
}

export interface Tested {
  readonly name: string
  readonly rows: number
  readonly wrong: number
  readonly trivial: number
  /** Filled in without asking; how many of those were wrong. */
  readonly silent: number
  readonly silentlyWrong: number
  /** The right one was among the three likeliest. */
  readonly amongThree: number
  /** Rows with a suggestion that says which earlier rows it rests on. */
  readonly explained: number
}

export interface KnownMonth {
  readonly name: string
  readonly rows: readonly Known[]
}

export function testOn(months: readonly KnownMonth[], learns: 'each row' | 'each month'): readonly Tested[] {
  const learner = new Learner({ isInOrder: learns === 'each row' })
  const commonest = new Commonest()
  return months.map(({ name, rows }) => {
    const sum = {
      name,
      rows: rows.length,
      wrong: 0,
      trivial: 0,
      silent: 0,
      silentlyWrong: 0,
      amongThree: 0,
      explained: 0,
    }
    for (const { entry, label } of rows) {
      const said = learner.weigh(entry)
      count(sum, learner.suggestionOf(said), label)
      if (commonest.suggest(entry.payee) !== label) sum.trivial++
      if (learns === 'each month') continue
      learner.learn(entry, label, said)
      commonest.learn(entry.payee, label)
    }
    if (learns === 'each row') return sum
    const entries = rows.map(({ entry }) => entry)
    const labels = rows.map(({ label }) => label)
    learnMonth(learner, entries, labels)
    for (const { entry, label } of rows) commonest.learn(entry.payee, label)
    return sum
  })
}

type Counts = { -readonly [K in keyof Tested]: Tested[K] }

function count(sum: Counts, { label, isSure, likely, why }: Suggestion, truth: string): void {
  const isRight = label === truth
  if (!isRight) sum.wrong++
  if (isSure) sum.silent++
  if (isSure && !isRight) sum.silentlyWrong++
  if (likely.includes(truth)) sum.amongThree++
  if (label !== undefined && why.some(({ entries }) => entries.length > 0)) sum.explained++
}

/** Several months as one. */
export function together(name: string, months: readonly Tested[]): Tested {
  const add = (field: Exclude<keyof Tested, 'name'>) => months.reduce((sum, month) => sum + month[field], 0)
  return {
    name,
    rows: add('rows'),
    wrong: add('wrong'),
    trivial: add('trivial'),
    silent: add('silent'),
    silentlyWrong: add('silentlyWrong'),
    amongThree: add('amongThree'),
    explained: add('explained'),
  }
}
