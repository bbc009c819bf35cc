/**
 * Tables of projections: made, changed and asked, from their declarations alone.
 *
 * A change of a row becomes a statement over one array of texts, `$1`, which answers with a row for each that it touched. There are
 * few statements: each connection that writes prepares one when it first comes, for planning it costs more than running it.
 *
 * An event that is being written has no position yet. Projections see a provisional one, from PROVISIONAL up, and where it ends up in
 * a cell the database adds what it gives out: `$2` stands before the first event of the change.
 */
import type { PoolClient } from 'pg'
import type { Cell, Projection, Query, Row, RowChange, Table, Test } from '../../log/index.ts'
import type { Statement, Values } from './connection.ts'
import { fromStore, quote, toStore } from './text.ts'

/** Beyond every position and time there will be, and still exact as a number. */
export const PROVISIONAL = 2 ** 52

export interface Operation {
  readonly sql: string
  readonly values: readonly (string | null)[]
  /** What refuses the change: that no row was touched, or that one was found. */
  readonly refuses: 'nothing' | 'no row' | 'any row'
  /** What to tell of a refusal. */
  readonly table: string
  readonly row: Row
}

const TYPES = { text: 'text COLLATE "C"', integer: 'bigint' } as const

export class Rows {
  readonly #schema: string
  readonly #tables = new Map<string, Table>()
  readonly #names = new Map<string, string>()
  /** Tables that are being made anew beside those in use. */
  readonly #suffix: string

  constructor(schema: string, projections: readonly Projection[], suffix = '') {
    this.#schema = schema
    this.#suffix = suffix
    for (const projection of projections)
      for (const [name, table] of Object.entries(projection.tables)) this.#tables.set(name, table)
  }

  async create(client: PoolClient, projection: Projection): Promise<void> {
    for (const [name, table] of Object.entries(projection.tables)) {
      const columns = Object.entries(table.columns).map(([column, type]) => `${quote(column)} ${TYPES[type]}`)
      const key = table.key.map(quote).join(', ')
      // A key of SQLite may hold nulls; none of ours does.
      await client.query(`CREATE TABLE ${this.#table(name)} (${columns.join(', ')}, PRIMARY KEY (${key}))`)
      for (const index of table.indexes ?? []) {
        const where = index.where ? ` WHERE ${index.where}` : ''
        const columns = index.columns.map((column) =>
          table.key.includes(column) ? quote(column) : `${quote(column)} NULLS FIRST`,
        )
        await client.query(`CREATE INDEX ON ${this.#table(name)} (${columns.join(', ')})${where}`)
      }
    }
  }

  /** What a change of a row is as a statement. */
  change(change: RowChange): Operation {
    const sql = new Sql()
    if ('insert' in change) {
      const text = this.#insert(sql, change.insert, change.row)
      return {
        ...sql.done(`${text} ON CONFLICT DO NOTHING RETURNING 1`),
        refuses: 'no row',
        table: change.insert,
        row: change.row,
      }
    }
    if ('put' in change) {
      const key = this.#declared(change.put).key
      const others = Object.keys(this.#declared(change.put).columns).filter((column) => !key.includes(column))
      const sets = others.map((column) => `${quote(column)} = EXCLUDED.${quote(column)}`).join(', ')
      const text = this.#insert(sql, change.put, change.row)
      const conflict = `ON CONFLICT (${key.map(quote).join(', ')}) DO ${sets === '' ? 'NOTHING' : `UPDATE SET ${sets}`}`
      return {
        ...sql.done(`${text} ${conflict} RETURNING 1`),
        refuses: 'nothing',
        table: change.put,
        row: change.row,
      }
    }
    if ('add' in change) {
      const { key } = this.#declared(change.add)
      const text = this.#insert(sql, change.add, { ...change.where, ...change.by }, 'AS row')
      const sums = Object.keys(change.by).map(
        (column) => `${quote(column)} = COALESCE(row.${quote(column)}, 0) + EXCLUDED.${quote(column)}`,
      )
      return {
        ...sql.done(
          `${text} ON CONFLICT (${key.map(quote).join(', ')}) DO UPDATE SET ${sums.join(', ')} RETURNING 1`,
        ),
        refuses: 'nothing',
        table: change.add,
        row: change.where,
      }
    }
    if ('remove' in change) {
      const tests = this.#equal(sql, change.remove, change.where)
      return {
        ...sql.done(`DELETE FROM ${this.#table(change.remove)} WHERE ${tests} RETURNING 1`),
        refuses: 'nothing',
        table: change.remove,
        row: change.where,
      }
    }
    const sets = Object.entries(change.set)
      .map(([column, cell]) => `${quote(column)} = ${sql.cell(cell, this.#type(change.patch, column))}`)
      .join(', ')
    const tests = this.#equal(sql, change.patch, change.where)
    return {
      ...sql.done(`UPDATE ${this.#table(change.patch)} SET ${sets} WHERE ${tests} RETURNING 1`),
      refuses: change.must ? 'no row' : 'nothing',
      table: change.patch,
      row: change.where,
    }
  }

  /** A change is refused if this finds a row. */
  guard(table: string, where: NonNullable<Query['where']>): Operation {
    const sql = new Sql()
    const tests = this.#tests(sql, table, where)
    const text = `SELECT 1 FROM ${this.#table(table)}${tests} LIMIT 1`
    return { ...sql.done(text), refuses: 'any row', table, row: {} }
  }

  select(table: string, query: Query): Statement {
    const sql = new Sql()
    const tests = this.#tests(sql, table, query.where ?? {})
    // Nulls before all else, as on SQLite; columns of the key have none, and their index was not made to say so.
    const { key } = this.#declared(table)
    const order = (query.order ?? []).map((by) => {
      const [column, way, nulls] =
        typeof by === 'string' ? [by, '', ' NULLS FIRST'] : [by.desc, ' DESC', ' NULLS LAST']
      return `${quote(column)}${way}${key.includes(column) ? '' : nulls}`
    })
    let text = `SELECT ${this.#columns(table, query).map(quote).join(', ')} FROM ${this.#table(table)}${tests}`
    if (order.length > 0) text += ` ORDER BY ${order.join(', ')}`
    if (query.limit !== undefined) text += ` LIMIT ${Math.trunc(query.limit)}`
    const statement = { text: sql.asParameters(text), values: sql.values }
    // The first few of many are planned for the values asked for: one plan for all walked a million runs to find that none waits.
    return order.length > 0 && query.limit !== undefined
      ? statement
      : { ...statement, name: this.#name(text) }
  }

  /** What `select` found, as rows. */
  read(table: string, query: Query, found: readonly Values[]): readonly Row[] {
    const columns = this.#columns(table, query)
    return found.map((values) => Object.fromEntries(columns.map((column, i) => [column, cellOf(values[i])])))
  }

  #columns(table: string, query: Query): readonly string[] {
    return query.columns ?? Object.keys(this.#declared(table).columns)
  }

  #insert(sql: Sql, table: string, row: Row, alias = ''): string {
    const cells = Object.entries(row).map(([column, cell]) => sql.cell(cell, this.#type(table, column)))
    return `INSERT INTO ${this.#table(table)} ${alias} (${Object.keys(row).map(quote).join(', ')}) VALUES (${cells.join(', ')})`
  }

  #equal(sql: Sql, table: string, where: Row): string {
    return Object.entries(where)
      .map(([column, cell]) =>
        cell === null
          ? `${quote(column)} IS NULL`
          : `${quote(column)} = ${sql.cell(cell, this.#type(table, column))}`,
      )
      .join(' AND ')
  }

  #tests(sql: Sql, table: string, where: NonNullable<Query['where']>): string {
    const tests = Object.entries(where).flatMap(([column, test]) =>
      testsOf(quote(column), test, (cell) => sql.cell(cell, this.#type(table, column))),
    )
    return tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`
  }

  #type(table: string, column: string): 'text' | 'integer' {
    return this.#declared(table).columns[column] ?? 'text'
  }

  #declared(table: string): Table {
    const declared = this.#tables.get(table)
    if (!declared) throw new Error(`No projection has a table "${table}".`)
    return declared
  }

  #table(name: string): string {
    this.#declared(name)
    return `${quote(this.#schema)}.${quote(name + this.#suffix)}`
  }

  /** Prepared once a connection; queries are few, and repeat. */
  #name(text: string): string {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const name = `select_${this.#names.size + 1}`
    this.#names.set(text, name)
    return name
  }
}

/** Collects values while a statement is put together. */
class Sql {
  readonly values: (string | null)[] = []

  cell(cell: Cell, type: 'text' | 'integer'): string {
    if (cell === null) {
      this.values.push(null)
      return `$1[${this.values.length}]${type === 'text' ? '' : '::bigint'}`
    }
    const isProvisional = typeof cell === 'number' && cell >= PROVISIONAL
    this.values.push(
      typeof cell === 'string' ? toStore(cell) : String(isProvisional ? cell - PROVISIONAL : cell),
    )
    const value = `$1[${this.values.length}]`
    if (type === 'text') return value
    return isProvisional ? `${value}::bigint + $2` : `${value}::bigint`
  }

  done(sql: string): { readonly sql: string; readonly values: readonly (string | null)[] } {
    return { sql, values: this.values }
  }

  /** The same with a parameter a value, for a statement that is sent alone. */
  asParameters(text: string): string {
    return text.replaceAll(/\$1\[(\d+)\]/g, (_, number: string) => `$${number}`)
  }
}

const COMPARE = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

function testsOf(column: string, test: Test, cell: (cell: Cell) => string): string[] {
  if (test === null) return [`${column} IS NULL`]
  if (typeof test !== 'object') return [`${column} = ${cell(test)}`]
  const parts: string[] = []
  for (const [name, operator] of Object.entries(COMPARE)) {
    const bound = test[name as keyof typeof COMPARE] // its own keys
    if (bound !== undefined) parts.push(`${column} ${operator} ${cell(bound)}`)
  }
  if (test.in) parts.push(test.in.length === 0 ? 'false' : `${column} IN (${test.in.map(cell).join(', ')})`)
  if (test.prefix !== undefined) {
    parts.push(`${column} >= ${cell(test.prefix)}`, `${column} < ${cell(`${test.prefix}\u{10ffff}`)}`)
  }
  if (test.not !== undefined)
    parts.push(test.not === null ? `${column} IS NOT NULL` : `${column} IS DISTINCT FROM ${cell(test.not)}`)
  return parts
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'string') return fromStore(value)
  return typeof value === 'number' ? value : null
}
