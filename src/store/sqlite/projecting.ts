/** Keeping projections: made when new, rebuilt when their version changed, caught up when they lag. */
import type { DatabaseSync } from 'node:sqlite'
import { isErased, type Position, type Projection, type StoredEvent } from '../../log/index.ts'
import type { Reader } from './reader.ts'
import type { Rows } from './rows.ts'
import { inTransaction } from './transaction.ts'

export class Projecting {
  readonly #db: DatabaseSync
  readonly #reader: Reader
  readonly #rows: Rows
  readonly #projections: readonly Projection[]

  constructor(db: DatabaseSync, reader: Reader, rows: Rows, projections: readonly Projection[]) {
    this.#db = db
    this.#reader = reader
    this.#rows = rows
    this.#projections = projections
  }

  /** Brings the tables to what this program declares. Reads only while everything is as declared. */
  prepare(): void {
    const known = this.#db.prepare('SELECT version FROM projections WHERE name = ?')
    const stale = this.#projections.filter(
      (projection) => known.get(projection.name)?.['version'] !== projection.version,
    )
    if (stale.length > 0) this.rebuild(stale)
  }

  /** Drops the tables and computes them again, in one transaction: nobody ever reads half of it. */
  rebuild(projections = this.#projections, onProgress?: (done: number, total: number) => void): number {
    const total = onProgress ? this.#reader.count() : 0
    return inTransaction(this.#db, () => {
      for (const projection of projections) {
        this.#rows.drop(projection)
        this.#rows.create(projection)
      }
      let done = 0
      const last = this.#replay(0, projections, () => {
        done++
        onProgress?.(done, total)
      })
      for (const projection of projections) this.#mark(projection, last)
      return done
    })
  }

  /** Applies to lagging projections what has come since. */
  catchUp(): Readonly<Record<string, Position>> {
    const reached: Record<string, Position> = {}
    const read = this.#db.prepare('SELECT position FROM projections WHERE name = ?')
    for (const projection of this.#projections.filter((p) => p.mode === 'lagging')) {
      const from = Number(read.get(projection.name)?.['position'] ?? 0)
      if (this.#reader.tip() > from)
        inTransaction(this.#db, () => this.#mark(projection, this.#replay(from, [projection])))
      reached[projection.name] = Number(read.get(projection.name)?.['position'] ?? 0)
    }
    return reached
  }

  #replay(from: Position, projections: readonly Projection[], each: () => void = () => {}): Position {
    const byKind = new Map<string, Projection[]>()
    for (const projection of projections)
      for (const kind of projection.kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), projection])
    let last = from
    for (;;) {
      const page = this.#reader.feed(last)
      for (const event of page) {
        this.#apply(event, byKind.get(event.kind) ?? [])
        last = event.position
        each()
      }
      if (page.length === 0) return last
    }
  }

  #apply(event: StoredEvent, projections: readonly Projection[]): void {
    if (isErased(event)) return
    for (const projection of projections)
      for (const change of projection.apply(event)) this.#rows.change(change)
  }

  #mark(projection: Projection, position: Position): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO projections VALUES (?, ?, ?)')
      .run(projection.name, projection.version, position)
  }
}
