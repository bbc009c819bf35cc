/** What a store's record must look like, whatever happened to the processes that wrote it. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type StoredEvent, type Throughline } from 'throughline'
import { ENDS, OUTCOMES } from '../simulate/record.ts'

/** A person may lift a halt, but here nobody does. */
const LAST: ReadonlySet<string> = new Set([...ENDS, 'run.halted'])

/**
 * Verifies a copy of the store and its write-ahead log, and leaves the store as the kill left it: the next process must
 * find the log unrecovered. `look` finds what else may be wrong with it.
 */
export async function verifyCopy(
  store: string,
  look: (tl: Throughline) => Promise<readonly string[]> = () => Promise.resolve([]),
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-copy-'))
  try {
    const copy = join(folder, 'copy.db')
    for (const part of ['', '-wal', '-journal'])
      if (existsSync(store + part)) copyFileSync(store + part, copy + part)
    await using tl = await open({ store: copy, worker: false })
    const { breaks } = await tl.verify()
    return [
      ...breaks.map(({ stream, seq, reason }) => `verify: ${stream} ${seq}: ${reason}`),
      ...(await look(tl)),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface Recorded {
  readonly runs: number
  readonly inDoubt: number
  /** Operations with two outcomes, runs with two ends. */
  readonly duplicated: readonly string[]
}

/** Counts outcomes by operation, over all streams. */
export async function readRecord(store: string): Promise<Recorded> {
  await using tl = await open({ store, isReadOnly: true })
  const seen = new Set<string>()
  const duplicated: string[] = []
  let runs = 0
  let inDoubt = 0
  for (const { stream } of await tl.log.heads({ limit: 10_000 })) {
    for await (const event of tl.history(stream)) {
      if (event.kind === 'run.started') runs++
      if (event.kind === 'step.in_doubt') inDoubt++
      // An answer that came too late for its branch went back: the wait may be answered again.
      if (event.kind === 'wait.returned') seen.delete(outcomeKey(event))
      const key = OUTCOMES.has(event.kind)
        ? outcomeKey(event)
        : LAST.has(event.kind)
          ? `${stream} end`
          : undefined
      if (key === undefined) continue
      if (seen.has(key)) duplicated.push(key)
      seen.add(key)
    }
  }
  return { runs, inDoubt, duplicated }
}

const outcomeKey = ({ stream, name, ordinal }: StoredEvent): string =>
  `${stream} ${name ?? ''}#${ordinal ?? 1}`
