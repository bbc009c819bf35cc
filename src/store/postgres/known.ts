/** What a writer has to read before it can seal: heads it does not know, domains it has not met. */
import { randomBytes } from 'node:crypto'
import type { Append, Change } from '../../log/index.ts'
import type { StreamHead as Head } from '../stream-head.ts'
import type { Domain } from './bodies.ts'
import type { Statement, Values } from './connection.ts'
import { fromStore, quote, toStore } from './text.ts'

type Ask = (statement: Statement) => Promise<readonly Values[]>

/** Streams whose head has to be read: unknown ones, and those whose known head is older than what the caller has seen. */
export function unknownIn(
  asked: readonly { readonly change: Change }[],
  heads: ReadonlyMap<string, Head>,
): ReadonlySet<string> {
  const unknown = new Set<string>()
  const made = new Set<string>()
  for (const { change } of asked)
    for (const append of change.appends) {
      if (append.continues !== undefined && !heads.has(append.continues) && !made.has(append.continues))
        unknown.add(append.continues)
      if (isNew(append)) made.add(append.stream)
      else if (!made.has(append.stream) && isTooOld(append, heads.get(append.stream)))
        unknown.add(append.stream)
    }
  return unknown
}

function isNew({ expected }: Append): boolean {
  return typeof expected === 'object' && ('new' in expected || ('seq' in expected && expected.seq === 0))
}

function isTooOld({ expected }: Append, head: Head | undefined): boolean {
  if (!head) return true
  if (expected === 'any' || 'new' in expected) return false
  if ('seq' in expected) return head.seq < expected.seq
  return head.epoch < ('claim' in expected ? expected.claim : expected.epoch)
}

/** The heads of streams that are there. */
export async function readHeads(
  ask: Ask,
  schema: string,
  streams: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Head>> {
  const rows = await ask({
    name: 'heads_by_name',
    text: `SELECT name, id, tenant, epoch, seq, hash FROM ${quote(schema)}.streams WHERE name = ANY ($1::text[])`,
    values: [[...streams].map(toStore)],
  })
  return new Map(
    rows.map(([name, id, tenant, epoch, seq, hash]) => [
      fromStore(String(name)),
      {
        id: Number(id),
        tenant: fromStore(String(tenant)),
        epoch: Number(epoch),
        seq: Number(seq),
        hash: hash as Uint8Array, // bytea NOT NULL
      },
    ]),
  )
}

/** A domain, made if it is new. A key without a body is no harm, so it need not go with the batch. */
export async function findDomain(ask: Ask, schema: string, name: string): Promise<Domain> {
  const text = `SELECT id, key FROM ${quote(schema)}.domains WHERE name = $1`
  const values = [toStore(name)]
  let [row] = await ask({ text, values })
  if (!row) {
    await ask({
      text: `INSERT INTO ${quote(schema)}.domains (name, key) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      values: [...values, randomBytes(32)],
    })
    ;[row] = await ask({ text, values })
  }
  return { id: Number(row?.[0]), key: row?.[1] as Uint8Array } // bytea NOT NULL
}
