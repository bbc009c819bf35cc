/**
 * Two habits of the house no linter rule covers: a file is named by the noun it is about, and an index lists names.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Breach } from './rooms.ts'

/** Names that say nothing about what is inside. */
export const banned = ['utils', 'util', 'helpers', 'helper', 'common', 'types', 'main', 'manager', 'misc']

/** Whose names are another package's to say. */
const listsNothing = ['src/adapters/ai-sdk/index.ts']

const exportAll = /^\s*export\s+(?:type\s+)?\*(?!\s*as\b)/

/** Files of `src/` with a name that says nothing, and every `export *`. */
export function namesIn(project: string): readonly Breach[] {
  const files = globSync('src/**/*.{ts,tsx}', { cwd: project }).toSorted()
  return files.flatMap((file) => {
    const name = basename(file).replace(/(?:\.test)?\.tsx?$/, '')
    const lines = readFileSync(join(project, file), 'utf8').split('\n')
    return [
      ...(banned.includes(name)
        ? [{ file, line: 1, message: `name the file by its noun, not "${name}"` }]
        : []),
      ...lines.flatMap((text, index) =>
        exportAll.test(text) && !listsNothing.includes(file.replaceAll('\\', '/'))
          ? [{ file, line: index + 1, message: 'list the names: no export *' }]
          : [],
      ),
    ]
  })
}
