/** Tables of projections: created, changed and asked, from their declarations alone. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Projection, Query, Row, RowChange, Table, Test } from '../../log/index.ts'

/** What a refused change says: which table, and the row that stood in the way. */
export class RowRefused extends Error {
  readonly table: string
  readonly row: Row
  constructor(table: string, row: Row) {
    super(`a row of ${table} stands in the way`)
    this.table = table
    this.row = row
  }
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

export class Rows {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #tables = new Map<string, Table>()

  constructor(db: DatabaseSync, projections: readonly Projection[]) {
    this.#db = db
    for (const projection of projections)
      for (const [name, table] of Object.entries(projection.tables)) this.#tables.set(name, table)
  }

  create(projection: Projection): void {
    for (const [name, table] of Object.entries(projection.tables)) {
      const columns = Object.entries(table.columns).map(
        ([column, type]) => `${quote(column)} ${type.toUpperCase()}`,
      )
      const key = table.key.map(quote).join(', ')
      this.#db.exec(
        `CREATE TABLE IF NOT EXISTS ${quote(name)} (${columns.join(', ')}, PRIMARY KEY (${key})) STRICT`,
      )
      for (const [i, index] of (table.indexes ?? []).entries()) {
        const where = index.where ? ` WHERE ${index.where}` : ''
        this.#db.exec(
          `CREATE INDEX IF NOT EXISTS ${quote(`${name}_${i}`)} ON ${quote(name)} (${index.columns.map(quote).join(', ')})${where}`,
        )
      }
    }
  }

  drop(projection: Projection): void {
    this.#statements.clear()
    for (const name of Object.keys(projection.tables)) this.#db.exec(`DROP TABLE IF EXISTS ${quote(name)}`)
  }

  /** @throws {RowRefused} */
  change(change: RowChange): void {
    if ('insert' in change) return this.#insert(change.insert, change.row)
    if ('put' in change) return void this.#put(change.put, change.row)
    if ('add' in change) return void this.#add(change.add, change.by, change.where)
    const where = Object.keys(change.where)
    const tests = where.map((column) => `${quote(column)} IS ?`).join(' AND ')
    if ('remove' in change) {
      this.#prepare(`DELETE FROM ${quote(change.remove)} WHERE ${tests}`).run(...Object.values(change.where))
      return
    }
    const sets = Object.keys(change.set)
      .map((column) => `${quote(column)} = ?`)
      .join(', ')
    const done = this.#prepare(`UPDATE ${quote(change.patch)} SET ${sets} WHERE ${tests}`).run(
      ...Object.values(change.set),
      ...Object.values(change.where),
    )
    if (change.must && done.changes === 0) throw new RowRefused(change.patch, change.where)
  }

  #insert(table: string, row: Row): void {
    const columns = Object.keys(row)
    const sql = `INSERT INTO ${quote(table)} (${columns.map(quote).join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`
    if (this.#prepare(sql).run(...Object.values(row)).changes === 0) throw new RowRefused(table, row)
  }

  #put(table: string, row: Row): void {
    const columns = Object.keys(row)
    const sql = `INSERT OR REPLACE INTO ${quote(table)} (${columns.map(quote).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
    this.#prepare(sql).run(...Object.values(row))
  }

  #add(table: string, by: Readonly<Record<string, number>>, where: Row): void {
    const columns = [...Object.keys(where), ...Object.keys(by)]
    const sums = Object.keys(by).map(
      (column) => `${quote(column)} = ifnull(${quote(column)}, 0) + excluded.${quote(column)}`,
    )
    const sql = `INSERT INTO ${quote(table)} (${columns.map(quote).join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT DO UPDATE SET ${sums.join(', ')}`
    this.#prepare(sql).run(...Object.values(where), ...Object.values(by))
  }

  select(table: string, query: Query): readonly Row[] {
    if (!this.#tables.has(table)) throw new Error(`No projection has a table "${table}".`)
    const values: SQLInputValue[] = []
    const tests = Object.entries(query.where ?? {}).flatMap(([column, test]) =>
      testSql(quote(column), test, values),
    )
    const order = (query.order ?? []).map((by) =>
      typeof by === 'string' ? quote(by) : `${quote(by.desc)} DESC`,
    )
    let sql = `SELECT ${query.columns?.map(quote).join(', ') ?? '*'} FROM ${quote(table)}`
    if (tests.length > 0) sql += ` WHERE ${tests.join(' AND ')}`
    if (order.length > 0) sql += ` ORDER BY ${order.join(', ')}`
    if (query.limit !== undefined) sql += ` LIMIT ${Math.trunc(query.limit)}`
    return this.#prepare(sql).all(...values) as unknown as Row[] // STRICT columns hold what the declaration says
  }

  /** How many rows each table has, and a fingerprint of them, to compare before and after a rebuild. */
  all(table: string): readonly Row[] {
    const key = this.#tables.get(table)?.key ?? []
    return this.select(table, { order: key })
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)))
    return statement
  }
}

const COMPARE = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

function testSql(column: string, test: Test, values: SQLInputValue[]): string[] {
  // Said in the text, not as a parameter: only then does SQLite see that an index with this condition serves.
  if (test === null) return [`${column} IS NULL`]
  if (typeof test !== 'object') {
    values.push(test)
    return [`${column} = ?`]
  }
  const parts: string[] = []
  for (const [name, operator] of Object.entries(COMPARE)) {
    const bound = test[name as keyof typeof COMPARE]
    if (bound === undefined) continue
    values.push(bound)
    parts.push(`${column} ${operator} ?`)
  }
  if (test.in) {
    // One parameter, however many: each count of them would be a statement of its own.
    values.push(JSON.stringify(test.in))
    parts.push(`${column} IN (SELECT value FROM json_each(?))`)
  }
  if (test.prefix !== undefined) {
    values.push(test.prefix, `${test.prefix}\u{10ffff}`)
    parts.push(`${column} >= ? AND ${column} < ?`)
  }
  if (test.not === null) parts.push(`${column} IS NOT NULL`)
  else if (test.not !== undefined) {
    values.push(test.not)
    parts.push(`${column} IS NOT ?`)
  }
  return parts
}
