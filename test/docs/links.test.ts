/** Every link from one document to another, or to a file of the project, leads somewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { documents } from './blocks.ts'

const project = join(import.meta.dirname, '../..')

/** A heading as links name it: lower case, spaces as hyphens, punctuation left out. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function anchorsIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

test.each(documents(project))('the links of %s lead somewhere', (path) => {
  const text = readFileSync(join(project, path), 'utf8').replaceAll(/^```.*?^```$/gms, '')
  const broken = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].filter(
    ([, to = '', anchor]) => {
      const target = to === '' ? join(project, path) : join(project, dirname(path), to)
      return !existsSync(target) || (anchor !== undefined && !anchorsIn(target).includes(anchor))
    },
  )
  expect(broken.map(([link]) => link)).toEqual([])
})
