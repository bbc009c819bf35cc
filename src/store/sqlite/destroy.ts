/** What is stored of events that were erased: their places, and what the chain needs of them. */
import type { DatabaseSync } from 'node:sqlite'
import type { Places } from '../../log/index.ts'
import { emptied } from '../erasing.ts'
import type { Reader } from './reader.ts'
import { mark } from './scrub.ts'

export interface Destroyed {
  readonly events: number
  readonly blobs: number
  readonly bytes: number
}

/** Within a transaction; what is gone already, and what is not here, is passed over. */
export function destroy(db: DatabaseSync, reader: Reader, places: Places): Destroyed {
  const empty = db.prepare(
    'UPDATE events SET name = NULL, after = NULL, actor = NULL, body = NULL, blob = NULL, digest = ?, seal = ? WHERE position = ?',
  )
  const emptyBody = db.prepare(
    'UPDATE events SET body = NULL, blob = NULL, digest = ?, seal = ? WHERE position = ?',
  )
  const blobOf = db.prepare('SELECT blob FROM events WHERE position = ?')
  const release = db.prepare('UPDATE blobs SET refs = refs - 1 WHERE id = ?')
  let [events, bytes] = [0, 0]
  for (const [stream, ranges] of Object.entries(places))
    for (const [from, to] of ranges)
      for (let next = from; next <= to;) {
        const page = reader.page(stream, next).filter(({ seq }) => seq <= to)
        for (const event of page) {
          const gone = emptied(event)
          if (!gone) continue
          const blob = blobOf.get(event.position)?.['blob'] ?? null
          const statement = gone.keepsLabels ? emptyBody : empty
          statement.run(gone.digest, gone.seal, event.position)
          if (blob !== null) release.run(blob)
          events++
          bytes += gone.bytes
        }
        const last = page.at(-1)
        if (!last) break
        next = last.seq + 1
      }
  const blobs = Number(db.prepare('DELETE FROM blobs WHERE refs <= 0').run().changes)
  if (events > 0) mark(db)
  return { events, blobs, bytes }
}
