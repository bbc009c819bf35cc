/** Every error has a page, and every page an error. The codes are read from the sources: nobody has to keep a list. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'

const project = join(import.meta.dirname, '../..')
const sources = globSync('src/**/*.ts', { cwd: project, exclude: ['**/*.test.ts'] }).map((path) => ({
  path,
  text: readFileSync(join(project, path), 'utf8'),
}))

interface ErrorClass {
  readonly name: string
  readonly codes: readonly string[]
}

/** The classes of our errors in a source, with the codes each can have: one it names, or those its constructor takes. */
function classesIn(text: string): readonly ErrorClass[] {
  return [...text.matchAll(/class (\w+) extends ThroughlineError \{(.*?)^\}/gms)].map(
    ([, name = '', body = '']) => {
      const named = /super\(\s*'([a-z_]+)'/.exec(body)?.[1]
      const taken = /super\(\s*code\b/.test(body)
        ? /\bcode: ((?:\|?\s*'[a-z_]+'\s*)+)/.exec(body)?.[1]
        : undefined
      const union = [...(taken ?? '').matchAll(/'([a-z_]+)'/g)].map(([, code = '']) => code)
      return { name, codes: named === undefined ? union : [named] }
    },
  )
}

const classes = sources.flatMap(({ text }) => classesIn(text))
const raised = sources.flatMap(({ text }) =>
  [...text.matchAll(/new ThroughlineError\(\s*'([a-z_]+)'/g)].map(([, code = '']) => code),
)
const codes = [...new Set([...classes.flatMap((one) => one.codes), ...raised])].toSorted()
const pages = globSync('docs/errors/*.md', { cwd: project })
  .map((path) => basename(path, '.md'))
  .filter((name) => name !== 'README')
  .toSorted()

test('the code of every error class is found', () => {
  expect(classes.length).toBeGreaterThan(30)
  expect(classes.filter((one) => one.codes.length === 0)).toEqual([])
})

test('every error code has a page in docs/errors', () => {
  expect(codes.filter((code) => !pages.includes(code))).toEqual([])
})

test('every page in docs/errors is about an error code', () => {
  expect(pages.filter((page) => !codes.includes(page))).toEqual([])
})

test.each(pages)('docs/errors/%s.md says what happened, why, what to do, and shows it', (page) => {
  const text = readFileSync(join(project, `docs/errors/${page}.md`), 'utf8')
  expect(text.startsWith(`# ${page}\n`)).toBe(true)
  expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
    'What happened',
    'Why',
    'What to do',
    'Example',
  ])
})

test('docs/errors/README.md lists every page', () => {
  const index = readFileSync(join(project, 'docs/errors/README.md'), 'utf8')
  const listed = [...index.matchAll(/\]\(([a-z_]+)\.md\)/g)].map(([, code = '']) => code)
  expect(listed.toSorted()).toEqual(pages)
})
