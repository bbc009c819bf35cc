/** The guard of the rooms: `broken/` breaks every row of the table; each line that does is marked `// breach`. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { namesIn } from '../../../scripts/lint/names.ts'
import { breachesIn, drivers, importsOf, table } from '../../../scripts/lint/rooms.ts'

const broken = join(import.meta.dirname, 'broken')
const marked = globSync('**/*.{ts,tsx}', { cwd: broken }).flatMap((file) =>
  readFileSync(join(broken, file), 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.endsWith('// breach') ? [`${file}:${index + 1}`] : [])),
)
const reported = breachesIn(broken)
const isCircle = (message: string): boolean => message.includes('circle')

describe('the guard of the rooms', () => {
  test('reports every marked line of the fixture and no other', () => {
    const lines = reported
      .filter(({ message }) => !isCircle(message))
      .map(({ file, line }) => `${file}:${line}`)
    expect(lines.toSorted()).toEqual(marked.toSorted())
  })

  test.each(Object.keys(table))('sees %s break its row', (room) => {
    const path = room === 'console' ? 'console/' : `src/${room}`
    expect(marked.filter((at) => at.startsWith(path)).length).toBeGreaterThan(0)
  })

  test.each(Object.keys(drivers))('sees %s imported where it is not known', (driver) => {
    expect(reported.some(({ message }) => message.includes(`may not import ${driver}`))).toBe(true)
  })

  test('reports a circle of slices once, along its whole way', () => {
    const circles = reported.filter(({ message }) => isCircle(message))
    expect(circles.map(({ message }) => message)).toEqual([
      'slices import each other in a circle: boundary → continuity → boundary',
    ])
  })

  test('reads imports over several lines, types, re-exports, dynamic imports and worker files', () => {
    const text = [
      "import {\n  a,\n} from './a.ts'",
      "import type { B } from './b.ts'",
      "export { c } from './c.ts'",
      "import './d.ts'",
      "await import('./e.ts')",
      "new URL('./f.ts', import.meta.url)",
    ].join('\n')
    expect(importsOf(text).map(({ specifier }) => specifier)).toEqual([
      './a.ts',
      './b.ts',
      './c.ts',
      './d.ts',
      './e.ts',
      './f.ts',
    ])
  })

  test('finds names that say nothing, and export *', () => {
    expect(namesIn(join(import.meta.dirname, 'broken')).map(({ file }) => file)).toEqual([
      'src/data/index.ts',
      'src/data/utils.ts',
    ])
  })
})

test('our own rooms are in order', () => {
  expect([...breachesIn('.'), ...namesIn('.')]).toEqual([])
})
