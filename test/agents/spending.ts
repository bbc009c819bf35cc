/**
 * What the record says was spent, against what the server says.
 *
 * S1. The record is never below the server, call by call: what is in doubt is booked at what was set aside for it.
 * S2. It is equal where nothing is in doubt.
 * S3. A call that has an answer on the record is never asked again.
 */
import type { BookedRequest } from 'throughline/testing'
import { booked, isSettled, type Calls, type ModelCall } from './calls.ts'

/** The requests of each call: those that were answered by the ids on the record, and those with the same body. */
function byDigest(requests: readonly BookedRequest[]): ReadonlyMap<string, readonly BookedRequest[]> {
  return Map.groupBy(requests, ({ digest }) => digest)
}

export function spentBy(requests: readonly BookedRequest[]): number {
  return requests.reduce((sum, { spent }) => sum + spent.input + spent.output, 0)
}

/** The conversation it answers: by whichever agent, under whichever settings, and however often. */
const conversationOf = ({ operation }: ModelCall): string =>
  /(\S+)\.\S+ \S+#\d+$/.exec(operation)?.[1] ?? operation

/** At any moment, the dead process's last one included. */
export function* underbooked(calls: Calls, requests: readonly BookedRequest[]): Generator<string> {
  const onRecord = calls.models.reduce((sum, call) => sum + booked(call), 0)
  const atServer = spentBy(requests)
  if (onRecord < atServer) yield `the record has ${onRecord} tokens, the server ${atServer}`
}

/** Once the run is over: call by call. Calls of different conversations have different bodies, unless agents are twins. */
export function* misbooked(calls: Calls, requests: readonly BookedRequest[]): Generator<string> {
  yield* underbooked(calls, requests)
  const digests = byDigest(requests)
  const byId = new Map(requests.flatMap((row) => (row.id === undefined ? [] : [[row.id, row] as const])))
  const groups = new Map<string, { readonly calls: readonly ModelCall[]; readonly digests: Set<string> }>()
  for (const [conversation, of] of Map.groupBy(calls.models, conversationOf))
    groups.set(conversation, { calls: of, digests: new Set() })
  for (const call of calls.models) {
    const row = call.id === undefined ? undefined : byId.get(call.id)
    if (!row) {
      if (call.id !== undefined)
        yield `${call.operation} has an answer that the server never gave: ${call.id}`
      continue
    }
    groups.get(conversationOf(call))?.digests.add(row.digest)
    if (isSettled(call) && call.asked.length === 1 && booked(call) !== spentBy([row]))
      yield `${call.operation} is booked at ${booked(call)} tokens, and spent ${spentBy([row])}`
  }
  for (const [conversation, { calls: of, digests: own }] of groups) {
    const rows = [...own].flatMap((digest) => digests.get(digest) ?? [])
    const asked = of.reduce((sum, call) => sum + call.asked.length, 0)
    const onRecord = of.reduce((sum, call) => sum + booked(call), 0)
    if (rows.length > asked)
      yield `${conversation}: asked ${rows.length} times, ${asked} of them on the record`
    if (onRecord < spentBy(rows)) yield `${conversation}: booked ${onRecord} tokens, spent ${spentBy(rows)}`
    if (of.every(isSettled) && rows.length === asked && onRecord !== spentBy(rows))
      yield `${conversation}: nothing is in doubt; booked ${onRecord} tokens, spent ${spentBy(rows)}`
  }
  const asked = calls.models.reduce((sum, call) => sum + call.asked.length, 0)
  if (requests.length > asked) yield `${requests.length} requests were sent, and ${asked} are on the record`
  for (const { operation, isDoubled } of calls.models)
    if (isDoubled) yield `${operation} goes on after its outcome`
  for (const [operation, outcomes] of calls.tools)
    if (outcomes > 1) yield `${operation} has ${outcomes} outcomes`
}
