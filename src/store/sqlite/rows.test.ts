import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { projections } from '../../app/projections.ts'
import { ruleKeysFor } from '../../memory/projection.ts'
import { Rows } from './rows.ts'

/** The tables of all views, and how SQLite means to find what is asked of them. */
function tables() {
  const db = new DatabaseSync(':memory:')
  const asked: string[] = []
  const prepare = db.prepare.bind(db)
  db.prepare = (sql) => {
    asked.push(sql)
    return prepare(sql)
  }
  const rows = new Rows(db, projections)
  for (const projection of projections) rows.create(projection)
  const plan = (table: string, where: object): string => {
    rows.select(table, { where: where as never }) // as `Log.select` takes it
    const sql = asked.at(-1) ?? ''
    const values = Array.from(sql.matchAll(/\?/g), () => '[]')
    return String(prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)[0]?.['detail'])
  }
  return plan
}

test.each([
  ['what is live about a subject', { subject: 'a', replaced_at: null }, 'subject=?'],
  [
    'what may contradict an item',
    { scope: '', subject: 'a', predicate: 'b', replaced_at: null },
    'scope=? AND subject=?',
  ],
  [
    'the rules that may be about a checkpoint',
    { scope: { in: ['a', ''] }, rule_key: { in: ruleKeysFor('b') }, replaced_at: null, status: 'active' },
    'rule_key=? AND status=? AND scope=?',
  ],
  [
    '… and whether one has come since',
    {
      scope: { in: ['a', ''] },
      rule_key: { in: ruleKeysFor('b') },
      replaced_at: null,
      status: 'active',
      position: { gt: 5 },
    },
    'rule_key=? AND status=? AND scope=? AND position>?',
  ],
])('is found by an index, however large the memory: %s', (_what, where, by) => {
  expect(tables()('items', where)).toMatch(
    new RegExp(`^SEARCH items USING INDEX \\w+ \\(${by.replaceAll('?', '\\?')}\\)`),
  )
})
