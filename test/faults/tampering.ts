/** Changing one byte of what a store holds, behind its back, and putting it right again. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Random } from '../random.ts'

/** Text as its bytes: nothing is lost on the way. */
type Cell = SQLInputValue | { readonly text: Uint8Array }
export type Row = Readonly<Record<string, Cell>>

/** The parts of the record that verifying must vouch for. What only speeds things up, or can be computed again, is not. */
const TABLES = {
  events: {
    key: 'position',
    columns: [
      'position',
      'stream',
      'seq',
      'kind',
      'version',
      'name',
      'ordinal',
      'after',
      'at',
      'encoding',
      'body',
      'blob',
      'seal',
    ],
  },
  blobs: { key: 'id', columns: ['bytes'] },
  streams: { key: 'id', columns: ['name', 'tenant', 'seq', 'hash', 'continues', 'continues_hash', 'pruned'] },
} as const

export interface Tampered {
  readonly table: keyof typeof TABLES
  readonly column: string
  readonly before: Row
  readonly after: Row
}

/** One bit of one byte of a random cell; undefined where there is none, or where a constraint keeps the change out. */
export function tamper(db: DatabaseSync, random: Random): Tampered | undefined {
  const table = random.pick(['events', 'events', 'events', 'events', 'streams', 'blobs'] as const)
  const before = random.pick(rowsOf(db, table))
  const column = random.pick(TABLES[table].columns)
  const value = before[column] ?? null
  if (value === null) return undefined
  const after = { ...before, [column]: flipped(value, random) }
  const tampered = { table, column, before, after }
  return replace(db, table, before, after) ? tampered : undefined
}

export function putRight(db: DatabaseSync, { table, before, after }: Tampered): void {
  if (!replace(db, table, after, before)) throw new Error(`The row of ${table} could not be put right.`)
}

function rowsOf(db: DatabaseSync, table: keyof typeof TABLES): Row[] {
  const all = db.prepare(`SELECT * FROM ${table}`)
  all.setReadBigInts(true)
  const cell = (value: SQLOutputValue): Cell =>
    typeof value === 'string' ? { text: Buffer.from(value) } : value
  return all
    .all()
    .map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, cell(value)])))
}

/** False where a constraint keeps the new row out. */
function replace(db: DatabaseSync, table: keyof typeof TABLES, old: Row, row: Row): boolean {
  const cells = Object.values(row)
  const marks = cells.map((cell) => (isText(cell) ? 'CAST(? AS TEXT)' : '?'))
  db.exec('BEGIN IMMEDIATE')
  try {
    db.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run(old[TABLES[table].key] as bigint)
    db.prepare(`INSERT INTO ${table} VALUES (${marks.join(', ')})`).run(
      ...cells.map((cell) => (isText(cell) ? cell.text : cell)),
    )
    db.exec('COMMIT')
    return true
  } catch {
    db.exec('ROLLBACK')
    return false
  }
}

const isText = (cell: Cell): cell is { readonly text: Uint8Array } =>
  typeof cell === 'object' && cell !== null && 'text' in cell

function flipped(cell: Cell, random: Random): Cell {
  if (typeof cell === 'bigint') return BigInt.asIntN(64, cell ^ (1n << BigInt(random.between(0, 63))))
  const bytes = Buffer.from(isText(cell) ? cell.text : (cell as Uint8Array)) // integers, text and bytes are all there is
  const at = random.between(0, bytes.length - 1)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7))
  return isText(cell) ? { text: bytes } : bytes
}

/** The stream an event's row, or a stream's own row, belongs to. */
export function streamOf(db: DatabaseSync, row: Row): string | undefined {
  const { name: own, tenant } = row
  if (tenant !== undefined && own !== undefined && isText(own)) return Buffer.from(own.text).toString() // a row of streams
  const name = db.prepare('SELECT name FROM streams WHERE id = ?').get(row['stream'] as bigint)?.['name']
  return name === undefined ? undefined : String(name)
}
