/** The documents of a folder: Markdown, licences, readmes and changelogs; of its dependencies what each package says of itself. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'

export interface Document {
  /** From the folder, with `/`. */
  readonly path: string
  readonly digest: string
}

const MARKDOWN = /\.(md|markdown)$/i
const OF_A_PACKAGE = /^(readme|licen[cs]e|changelog)(\b.*)?$/i
const CODE = /\.(?:[cm]?[jt]sx?|json|map|html)$/i
const SKIPPED = new Set(['dist', 'coverage', 'build'])

/** In the order of their paths. Links are not followed, and what begins with a dot is left out. */
export async function documentsIn(folder: string, except: string): Promise<Document[]> {
  const paths = await walk(folder, folder, resolve(except))
  const sorted = paths.map((path) => relative(folder, path).replaceAll('\\', '/')).sort()
  const documents: Document[] = []
  for (const path of sorted) documents.push({ path, digest: digestOf(await textOf(folder, path)) })
  return documents
}

/** A document's text; bytes that are no UTF-8 are replaced. */
export const textOf = (folder: string, path: string): Promise<string> => readFile(join(folder, path), 'utf8')

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

async function walk(root: string, folder: string, except: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry
    const path = join(folder, name)
    if (name.startsWith('.') || path === except) continue
    if (entry.isDirectory()) {
      if (name === 'node_modules') {
        if (folder === root) found.push(...(await ofDependencies(path)))
      } else if (!SKIPPED.has(name)) found.push(...(await walk(root, path, except)))
    } else if (entry.isFile() && isDocument(name)) found.push(path)
  }
  return found
}

const isDocument = (name: string): boolean =>
  MARKDOWN.test(name) || (OF_A_PACKAGE.test(name) && !CODE.test(name))

/** What lies at the top of each installed package; packages within packages are left out. */
async function ofDependencies(modules: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    const folder = join(modules, entry.name)
    if (entry.name.startsWith('@')) {
      found.push(...(await ofDependencies(folder)))
      continue
    }
    for (const file of await readdir(folder, { withFileTypes: true }))
      if (file.isFile() && OF_A_PACKAGE.test(file.name) && !CODE.test(file.name))
        found.push(join(folder, file.name))
  }
  return found
}
