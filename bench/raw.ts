/**
 * What the disk allows: the ceiling under every figure here.
 *
 * Append: 200 bytes written at the end of a file and synced, one after the other. Overwrite: the same into a file that was grown
 * beforehand, so that no size has to be synced. Group commit: SQLite with 100 rows a commit, WAL, synchronous=FULL.
 * All of it with blocking calls: nothing is faster from Node.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { median, percentile } from './statistics.ts'
import { stopwatch } from './subject.ts'

export interface Limit {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface RawLimits {
  readonly append: Limit
  readonly overwrite: Limit
  readonly groupCommit: Limit
}

/** Writes of `bytes`, each followed by fdatasync. `grown`: into space that was written and synced before. */
export function syncedWrites(
  folder: string,
  { writes, bytes, grown }: { writes: number; bytes: number; grown: boolean },
): Limit {
  const path = join(folder, 'raw.bin')
  const file = openSync(path, 'w')
  const data = Buffer.alloc(bytes, 'x')
  if (grown) {
    writeSync(file, Buffer.alloc(writes * bytes), 0, writes * bytes, 0)
    fsyncSync(file)
  }
  const each: number[] = []
  const elapsed = stopwatch()
  for (let index = 0; index < writes; index++) {
    const from = performance.now()
    writeSync(file, data, 0, bytes, index * bytes)
    fdatasyncSync(file)
    each.push(performance.now() - from)
  }
  const seconds = elapsed()
  closeSync(file)
  rmSync(path)
  return { perSecond: writes / seconds, p50Ms: percentile(each, 0.5), p99Ms: percentile(each, 0.99) }
}

/** Rows a second through SQLite, `rows` to a commit; the percentiles are of a commit. */
export function groupCommit(
  folder: string,
  { commits, rows, bytes }: { commits: number; rows: number; bytes: number },
): Limit {
  const path = join(folder, 'raw.db')
  const db = new DatabaseSync(path)
  db.exec(
    'pragma journal_mode=wal; pragma synchronous=full; create table row (id integer primary key, body text) strict',
  )
  const insert = db.prepare('insert into row (body) values (?)')
  const data = 'x'.repeat(bytes)
  const each: number[] = []
  const elapsed = stopwatch()
  for (let commit = 0; commit < commits; commit++) {
    const from = performance.now()
    db.exec('begin immediate')
    for (let row = 0; row < rows; row++) insert.run(data)
    db.exec('commit')
    each.push(performance.now() - from)
  }
  const seconds = elapsed()
  db.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  return {
    perSecond: (commits * rows) / seconds,
    p50Ms: percentile(each, 0.5),
    p99Ms: percentile(each, 0.99),
  }
}

/** All three, the median of `rounds`. */
export function rawLimits(folder: string, rounds: number): RawLimits {
  const all = Array.from({ length: rounds }, () => ({
    append: syncedWrites(folder, { writes: 1000, bytes: 200, grown: false }),
    overwrite: syncedWrites(folder, { writes: 1000, bytes: 200, grown: true }),
    groupCommit: groupCommit(folder, { commits: 100, rows: 100, bytes: 200 }),
  }))
  return {
    append: middle(all.map((round) => round.append)),
    overwrite: middle(all.map((round) => round.overwrite)),
    groupCommit: middle(all.map((round) => round.groupCommit)),
  }
}

/** Each figure's median over several limits. */
export function middle(limits: readonly Limit[]): Limit {
  return {
    perSecond: median(limits.map((limit) => limit.perSecond)),
    p50Ms: median(limits.map((limit) => limit.p50Ms)),
    p99Ms: median(limits.map((limit) => limit.p99Ms)),
  }
}
