/**
 * What became of a batch whose answer was lost (docs/decisions/0017).
 *
 * X1. Whoever asks has made sure that what was under way is over (line.ts, N2): what is not there now will never be.
 * X2. Every seal is one of a kind: an event with our seal, where we meant to put it, is ours. It may have been archived since.
 * X3. It is asked until there is an answer, whatever the database says meanwhile: a change of unknown fate must not be sent again, and
 *     nothing can be reported of it. Only who closes the store does without.
 */
import { sameHash } from '../../log/index.ts'
import type { StreamHead as Head } from '../stream-head.ts'
import type { Prepared } from './batch.ts'
import type { Statement, Values } from './connection.ts'
import { pauseMs, sleep } from './pause.ts'
import { quote, toStore } from './text.ts'

export interface Asking {
  readonly schema: string
  readonly ask: (statement: Statement) => Promise<readonly Values[]>
  /** Resolves when nobody waits for an answer any more. */
  readonly over: Promise<void>
}

/** For each of these changes the position of its first event, if it is on the record; nothing, if that could not be found out. */
export async function fateOf(
  batch: readonly Prepared[],
  { schema, ask, over }: Asking,
): Promise<ReadonlyMap<Prepared, number> | undefined> {
  const firsts = batch.map(({ events }) => events[0])
  const rows = await untilAnswered({
    text: WHERE_SEALED(quote(schema)),
    values: [firsts.map((one) => toStore(one?.move.stream ?? '')), firsts.map((one) => one?.seq ?? 0)],
  })
  if (!rows) return undefined
  const found = new Map<Prepared, number>()
  for (const [nr, position, seal] of rows) {
    const [prepared, ours] = [batch[Number(nr) - 1], firsts[Number(nr) - 1]?.seal]
    if (prepared && ours && seal instanceof Uint8Array && sameHash(ours, seal))
      found.set(prepared, Number(position))
  }
  return found

  async function untilAnswered(statement: Statement): Promise<readonly Values[] | undefined> {
    let isOver = false
    const ended = over.then(() => void (isOver = true))
    for (let attempt = 1; !isOver; attempt++) {
      const answer = await Promise.race([ask(statement).catch(() => undefined), ended])
      if (answer) return answer
      await Promise.race([sleep(pauseMs(attempt)), ended])
    }
    return undefined
  }
}

/**
 * Where the streams of these changes stand then, as far as this writer knows. Not what the database says they are: an owner whose
 * stream was moved by somebody else meanwhile, in its own epoch (a replica that lacked the last commits took over), must be refused.
 */
export function headsAfter(
  batch: readonly Prepared[],
  found: ReadonlyMap<Prepared, number>,
): ReadonlyMap<string, Head | undefined> {
  const heads = new Map<string, Head | undefined>()
  for (const prepared of batch)
    for (const { stream, before, after } of prepared.moves) {
      if (found.has(prepared)) heads.set(stream, after)
      else if (!heads.has(stream)) heads.set(stream, before)
    }
  return heads
}

const WHERE_SEALED = (s: string): string =>
  `SELECT w.nr, e.position, e.seal FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS w(name, seq, nr)
    JOIN ${s}.streams s ON s.name = w.name
    JOIN LATERAL (SELECT position, seal FROM ${s}.events WHERE stream = s.id AND seq = w.seq
      UNION ALL SELECT position, seal FROM ${s}.events_archive WHERE s.archived AND stream = s.id AND seq = w.seq) e ON true`
