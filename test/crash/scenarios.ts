/** What is done to the victims' runs from outside, and what must be true of them once they ended. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { open, RunEnded, ThroughlineError, type Resolution } from 'throughline'
import { linesOf, ONCE, type LedgerInput } from './ledger.ts'
import type { Says } from './process.ts'

export type Waits = Extract<Says, { says: 'waiting' }>

export interface Scenario {
  readonly name: string
  readonly task: string
  /** Runs the record must hold in the end, children included. */
  readonly runs: number
  /** Whether it has effects that must happen once. */
  readonly hasEffects: boolean
  input(folder: string): unknown
  /** What a second process does about what the run waits for. */
  answer(folder: string, waits: Waits): Promise<void>
  /** What the run left behind besides its outcome: the same with and without kills. */
  leaves(folder: string): unknown
  /** What is wrong with what it left behind. */
  wrong(folder: string): readonly string[]
}

const ROOT = new URL('../../', import.meta.url).pathname
const SLOW_MS = 25

export const review: Scenario = {
  name: 'review',
  task: 'vendor-review',
  runs: 2,
  hasEffects: false,
  input: (folder) => ({
    lockfile: join(ROOT, 'package-lock.json'),
    report: join(folder, 'report.md'),
    slowMs: SLOW_MS,
  }),
  answer: () => Promise.resolve(),
  leaves: (folder) =>
    readFileSync(join(folder, 'report.md'), 'utf8')
      .replaceAll(/run_[0-9a-z]{26}/g, 'run_…')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]?[\d:.]*Z?/g, '(date)')
      .split('\n'),
  wrong: () => [],
}

export const ledgers: readonly Scenario[] = (['well', 'badly', 'cancelled'] as const).map((ends) => ({
  name: `ledger that ends ${ends}`,
  task: 'crash-ledger',
  runs: 2,
  hasEffects: true,
  input: (folder): LedgerInput => ({ file: fileIn(folder), ends }),
  answer: answerLedger,
  leaves: (folder) => ({
    once: linesOf(fileIn(folder))
      .map(({ what }) => what)
      .filter((what) => ONCE.includes(what))
      .sort(),
    // Undoing may be tried again by the same step: what counts is what was undone, and in which order it was first.
    undone: [
      ...new Set(
        linesOf(fileIn(folder))
          .map(({ what }) => what)
          .filter((what) => what.startsWith('undo')),
      ),
    ].map((what) => what.replace(/\d+/, 'n')),
  }),
  wrong: (folder) => {
    const keys = linesOf(fileIn(folder))
      .filter(({ what }) => ONCE.includes(what))
      .map(({ key }) => key)
    return keys.filter((key, i) => keys.indexOf(key) !== i).map((key) => `an effect took place twice: ${key}`)
  },
}))

const fileIn = (folder: string): string => join(folder, 'ledger.txt')

async function answerLedger(folder: string, { run, kind, name }: Waits): Promise<void> {
  if (kind !== 'in_doubt' && name !== 'approval' && name !== 'a cancellation') return
  await using tl = await open({ store: join(folder, 'store.db'), worker: false })
  try {
    const handle = await tl.run(run)
    if (kind === 'in_doubt') await handle.resolve(name, settledBy(fileIn(folder), name))
    else if (name === 'approval') await handle.signal('approval', { by: 'Ada' }, { id: 'approval' })
    else await handle.cancel('enough')
  } catch (error) {
    // The victim was quicker: what was to be settled is settled.
    const isOver =
      error instanceof RunEnded || (error instanceof ThroughlineError && error.code === 'not_in_doubt')
    if (!isOver) throw error
  }
}

/** A person looks at the file, and says whether the effect took place. */
function settledBy(file: string, step: string): Resolution {
  const isDone = linesOf(file).some(({ what }) => what === step)
  return isDone ? { done: true, value: step } : { done: false }
}
