/** A batch as the parameters of `write_1`, and what it answered. */
import { ENCODING, sameHash } from '../../log/index.ts'
import { byteas, int4s, int8s, texts } from './arrays.ts'
import type { StreamHead as Head } from '../stream-head.ts'
import type { Move, Prepared } from './batch.ts'
import type { Blob } from './bodies.ts'
import type { Values } from './connection.ts'
import type { Operation } from './rows.ts'
import { toStore } from './text.ts'
import { PARAMETERS } from './write-function.ts'

export interface Written {
  /** In the order they are written: plain appends first. */
  readonly prepared: readonly Prepared[]
  readonly blobs: readonly Blob[]
  readonly at: number
  readonly isByHand: boolean
  /** Changes that a row may refuse half-way are undone alone. */
  readonly isCareful: boolean
  readonly views: number
  readonly channel: string | null
  readonly payload: string
  /** What a statement is prepared as. */
  readonly nameOf: (sql: string) => string
}

/** What was sent, and what of the answer belongs to which change. */
export interface Sent {
  /** In the order of the function's parameters. */
  readonly values: readonly unknown[]
  readonly plain: readonly Prepared[]
  /** For each plain change, the number of the head it moves. */
  readonly plainHeads: readonly number[]
  readonly others: readonly Prepared[]
  /** Streams that the other changes move, in the order of their numbers. */
  readonly streams: readonly string[]
  /** Statements of rows and guards, which the connection must have prepared. */
  readonly statements: readonly string[]
}

const REFUSES = { nothing: 0, 'no row': 1, 'any row': 2 } as const

/** Puts the parameters together. */
export function parametersOf(written: Written): Sent {
  const plain = written.prepared.filter((prepared) => prepared.isPlain)
  const others = written.prepared.filter((prepared) => !prepared.isPlain)
  const heads = new Map<string, { readonly number: number; readonly before: Head; after: Head }>()
  const plainHeads = plain.map(({ moves }) => moved(heads, moves[0]))
  const streams = new Map<string, number>()
  const ids: (number | null)[] = []
  const numberOf = (move: Move): number => {
    const known = streams.get(move.stream)
    if (known !== undefined) return known
    ids.push(move.before?.id || null)
    streams.set(move.stream, ids.length)
    return ids.length
  }
  const moves = others.flatMap((prepared) => prepared.moves)
  const numbers = moves.map(numberOf)
  const place = new Map(moves.map((move, i) => [move, i + 1]))
  const events = [
    // Several plain changes of one stream are one move of its head: their events follow each other.
    ...plain
      .map((prepared, i) => ({ prepared, head: plainHeads[i] ?? 0 }))
      .toSorted((a, b) => a.head - b.head)
      .flatMap(({ prepared, head }) => prepared.events.map((one) => ({ ...one, at: head }))),
    ...others.flatMap((prepared) => prepared.events.map((one) => ({ ...one, at: place.get(one.move) ?? 0 }))),
  ]
  const operations = others.flatMap((prepared) => [...prepared.guards, ...prepared.rows])
  const { statements, numbers: operationNumbers, values: operationValues } = flatten(operations)
  const plainMoves = [...heads.values()]
  const values: Readonly<Record<keyof typeof PARAMETERS, unknown>> = {
    w_at: String(written.at),
    by_hand: String(written.isByHand),
    carefully: String(written.isCareful),
    seen_views: String(written.views),
    channel: written.channel,
    payload: written.payload,
    p_id: int8s(plainMoves.map(({ before }) => before.id)),
    p_epoch: int8s(plainMoves.map(({ before }) => before.epoch)),
    p_seq0: int8s(plainMoves.map(({ before }) => before.seq)),
    p_hash0: byteas(plainMoves.map(({ before }) => before.hash)),
    p_seq: int8s(plainMoves.map(({ after }) => after.seq)),
    p_hash: byteas(plainMoves.map(({ after }) => after.hash)),
    p_events: String(plain.reduce((sum, { events: some }) => sum + some.length, 0)),
    e_move: int4s(events.map((one) => one.at)),
    e_seq: int8s(events.map((one) => one.seq)),
    e_kind: texts(events.map(({ event }) => event.kind)),
    e_version: int4s(events.map(({ event }) => event.version)),
    e_name: texts(events.map(({ event }) => stored(event.name))),
    e_ordinal: int8s(events.map(({ event }) => event.ordinal)),
    e_after: texts(events.map(({ event }) => stored(event.after))),
    e_actor: texts(events.map(({ event }) => stored(event.actor))),
    e_encoding: int4s(events.map(() => ENCODING)),
    e_body: texts(events.map(({ event, blob }) => (blob === 0 ? event.body : undefined))),
    e_blob: int4s(events.map((one) => one.blob)),
    e_seal: byteas(events.map((one) => one.seal)),
    b_domain: int4s(written.blobs.map((blob) => blob.domain)),
    b_address: byteas(written.blobs.map((blob) => blob.address)),
    b_size: int4s(written.blobs.map((blob) => blob.size)),
    b_bytes: byteas(written.blobs.map((blob) => blob.bytes)),
    s_id: int8s(ids),
    m_stream: int4s(numbers),
    m_epoch0: int8s(moves.map(({ before }) => before?.epoch)),
    m_seq0: int8s(moves.map(({ before }) => before?.seq)),
    m_hash0: byteas(moves.map(({ before }) => before?.hash)),
    m_epoch: int8s(moves.map(({ after }) => after.epoch)),
    m_seq: int8s(moves.map(({ after }) => after.seq)),
    m_hash: byteas(moves.map(({ after }) => after.hash)),
    m_name: texts(moves.map(({ before, stream }) => (before ? null : toStore(stream)))),
    m_tenant: texts(moves.map(({ after }) => toStore(after.tenant))),
    m_continues: texts(moves.map(({ continues }) => stored(continues?.stream))),
    m_continues_hash: byteas(moves.map(({ continues }) => continues?.hash)),
    m_is_origin_moved: int4s(moves.map(({ continues }) => (continues?.isMoved ? 1 : 0))),
    c_moves: int4s(others.map((prepared) => prepared.moves.length)),
    c_events: int4s(others.map((prepared) => prepared.events.length)),
    c_guards: int4s(others.map(({ guards }) => guards.length)),
    c_rows: int4s(others.map(({ rows }) => rows.length)),
    c_is_risky: int4s(others.map(({ rows }) => (rows.some((row) => row.refuses !== 'nothing') ? 1 : 0))),
    o_sql: int4s(operationNumbers),
    o_values: texts(operationValues),
    o_refuses: int4s(operations.map(({ refuses }) => REFUSES[refuses])),
    prepared: texts(statements.map((statement) => written.nameOf(statement))),
  }
  return {
    values: Object.keys(PARAMETERS).map((name) => values[name as keyof typeof PARAMETERS]), // its own keys
    plain,
    plainHeads,
    others,
    streams: [...streams.keys()],
    statements,
  }
}

/** Operations as statements, which repeat, and the values of each. */
export function flatten(operations: readonly Operation[]): {
  readonly statements: readonly string[]
  readonly numbers: readonly number[]
  readonly values: readonly string[]
} {
  const statements = new Map<string, number>()
  const numbers = operations.map(({ sql }) => {
    const number = statements.get(sql) ?? statements.size + 1
    statements.set(sql, number)
    return number
  })
  return {
    statements: [...statements.keys()],
    numbers,
    values: operations.map(({ values }) => literal(values)),
  }
}

/** An array as text, as Postgres reads it. */
function literal(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`
}

/** The number of the head that a plain change moves; a second one moves it further. */
function moved(
  heads: Map<string, { readonly number: number; readonly before: Head; after: Head }>,
  move: Move | undefined,
): number {
  if (!move?.before) throw new Error('A plain append has a head.')
  const known = heads.get(move.stream)
  if (known) {
    known.after = move.after
    return known.number
  }
  heads.set(move.stream, { number: heads.size + 1, before: move.before, after: move.after })
  return heads.size
}

function stored(text: string | undefined): string | undefined {
  return text === undefined ? undefined : toStore(text)
}

export interface Answer {
  readonly status: 'written' | 'late'
  /** Of the first event written. */
  readonly first: number
  readonly clock: number
  readonly newest: number
  readonly views: number
  readonly plainStale: ReadonlySet<number>
  /** For each of the other changes: the move that did not fit, the operation that refused; 0: none. */
  readonly stale: readonly number[]
  readonly refused: readonly number[]
  /** Ids of streams, in the order of their numbers. */
  readonly made: readonly number[]
  /** Heads that were not what was believed, as they are. */
  readonly heads: ReadonlyMap<string, Head>
}

/** In the order of the function's answer. */
export const ANSWER =
  'status, first, clock, newest, views, plain_stale, change_stale, change_refused, made, heads'

export function answerOf(row: Values): Answer {
  const heads =
    typeof row[9] === 'string'
      ? (JSON.parse(row[9]) as [string, number, string, number, number, string][])
      : []
  return {
    status: row[0] === 'late' ? 'late' : 'written',
    first: Number(row[1]),
    clock: Number(row[2]),
    newest: Number(row[3]),
    views: Number(row[4]),
    plainStale: new Set(numbersIn(row[5])),
    stale: numbersIn(row[6]),
    refused: numbersIn(row[7]),
    made: numbersIn(row[8]),
    heads: new Map(
      heads.map(([name, id, tenant, epoch, seq, hash]) => [
        name,
        { id, tenant, epoch, seq, hash: Buffer.from(hash, 'hex') },
      ]),
    ),
  }
}

function numbersIn(array: unknown): readonly number[] {
  return typeof array === 'string' && array.length > 2 ? array.slice(1, -1).split(',').map(Number) : []
}

/** Whether two heads are one and the same. */
export function sameHead(a: Head, b: Head): boolean {
  return a.id === b.id && a.epoch === b.epoch && a.seq === b.seq && sameHash(a.hash, b.hash)
}
