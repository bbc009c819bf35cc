/** Removing streams while their heads stay: the record says what was removed, and every chain still verifies. */
import type { DatabaseSync } from 'node:sqlite'

/** Deletes the events of streams, and the blobs nobody refers to any more. Within a transaction. */
export function deleteEvents(db: DatabaseSync, streams: readonly string[]): number {
  const id = db.prepare('SELECT id FROM streams WHERE name = ? AND pruned = 0')
  const release = db.prepare(
    'UPDATE blobs SET refs = refs - (SELECT count(*) FROM events WHERE stream = ?1 AND blob = blobs.id) WHERE id IN (SELECT blob FROM events WHERE stream = ?1 AND blob IS NOT NULL)',
  )
  const remove = db.prepare('DELETE FROM events WHERE stream = ?')
  const mark = db.prepare('UPDATE streams SET pruned = 1 WHERE id = ?')
  let events = 0
  for (const stream of streams) {
    const row = id.get(stream)
    if (!row) continue
    const streamId = Number(row['id'])
    release.run(streamId)
    events += Number(remove.run(streamId).changes)
    mark.run(streamId)
  }
  db.exec('DELETE FROM blobs WHERE refs <= 0')
  return events
}
