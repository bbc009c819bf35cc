/** The pieces of code in the documents, as programs: what `README.md`, `docs/` and their neighbours show is compiled and run. */
import { globSync, readFileSync } from 'node:fs'

export interface Block {
  /** Where it stands: file and line. */
  readonly at: string
  /** A file name of its own. */
  readonly file: string
  readonly code: string
  /** Why it is compiled and not run; undefined for a program. */
  readonly noRun: string | undefined
}

const FENCE = /^```ts(?<info>[^\n]*)\n(?<code>.*?)^```$/gms

export function documents(project: string): readonly string[] {
  return globSync(['[A-Z]*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: project }).toSorted()
}

/** Every ```ts block of the documents. A block that is not run says why on its fence: ```ts no-run: it takes an hour. */
export function blocksOf(project: string): readonly Block[] {
  return documents(project).flatMap((path) => {
    const text = readFileSync(`${project}/${path}`, 'utf8')
    return [...text.matchAll(FENCE)].map(({ index, groups: { info = '', code = '' } = {} }): Block => {
      const line = text.slice(0, index).split('\n').length
      const noRun = /^ no-run: (.+)$/.exec(info)?.[1]
      if (info !== '' && noRun === undefined)
        throw new Error(`${path}:${line} has a fence "ts${info}"; write "ts", or "ts no-run: <reason>".`)
      return {
        at: `${path}:${line}`,
        file: `${path.replaceAll('/', '-').replace(/\.md$/, '')}-${line}.ts`,
        code,
        noRun,
      }
    })
  })
}
