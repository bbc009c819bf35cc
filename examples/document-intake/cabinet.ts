/**
 * The filing: a folder for each kind, one for what is for review, and in it an index entry a document.
 *
 * F1. A document lies in it once, whoever files it how often: the first entry of a path and digest stays.
 * F2. An entry is written whole or not at all; the file's name says which document it is of, so that looking needs no index.
 * F3. When a document has changed, its new entry takes the place of the old.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../vendor-review/write.ts'
import { digestOf, type Document } from './documents.ts'
import { Filed, KINDS } from './entry.ts'

const REVIEW = 'review'
const FOLDERS = [...KINDS.map((kind) => kind.replace(' ', '-')), REVIEW]

/** What the cabinet says in return: nobody who has not filed a document knows it. */
const receiptFor = ({ path, digest }: Document): string => `r-${digestOf(`${path}\n${digest}`).slice(0, 12)}`

export class Cabinet {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** The entry of a document, as it is now. */
  async find({ path, digest }: Document): Promise<Filed | undefined> {
    const [found] = await this.#named((name) => name.endsWith(`${tailOf(path)}${digest}.json`))
    return found === undefined ? undefined : this.#read(found)
  }

  /** The paths of filed documents with this content. */
  async copies(digest: string): Promise<string[]> {
    const found = await this.#named((name) => name.endsWith(`.${digest}.json`))
    return (await Promise.all(found.map((file) => this.#read(file)))).map(({ path }) => path).sort()
  }

  async all(): Promise<Filed[]> {
    const files = await this.#named((name) => name.endsWith('.json'))
    return Promise.all(files.map((file) => this.#read(file)))
  }

  async put(document: Document, filing: Omit<Filed, 'receipt' | 'digest' | 'path'>): Promise<Filed> {
    return (await this.find(document)) ?? this.#write(document, filing)
  }

  /** Another entry in place of the one there is: a person has decided. */
  async replace(document: Document, filing: Omit<Filed, 'receipt' | 'digest' | 'path'>): Promise<Filed> {
    return this.#write(document, filing)
  }

  async #write(document: Document, filing: Omit<Filed, 'receipt' | 'digest' | 'path'>): Promise<Filed> {
    const { path, digest } = document
    const filed: Filed = { ...filing, path, digest, receipt: receiptFor(document) }
    const folder = filed.pile === 'review' || filed.kind === undefined ? REVIEW : filed.kind.replace(' ', '-')
    const tail = tailOf(path)
    const file = join(this.#root, folder, `${slugOf(path)}${tail}${digest}.json`)
    const before = await this.#named((name) => name.includes(tail))
    // The old one goes first: whoever is killed between the two is found not to have filed, and does it again.
    for (const other of before) if (other !== file) await rm(other, { force: true })
    await writeWhole(file, `${JSON.stringify(filed, undefined, 2)}\n`, filed.key)
    return filed
  }

  async #named(fits: (name: string) => boolean): Promise<string[]> {
    const found: string[] = []
    for (const folder of FOLDERS) {
      const names = await readdir(join(this.#root, folder)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      })
      found.push(...names.filter(fits).map((name) => join(this.#root, folder, name)))
    }
    return found
  }

  async #read(file: string): Promise<Filed> {
    return Filed.parse(JSON.parse(await readFile(file, 'utf8')))
  }
}

const tailOf = (path: string): string => `.${digestOf(path).slice(0, 10)}.`

const slugOf = (path: string): string =>
  path
    .replace(/\.(md|markdown|txt)$/i, '')
    .replace(/[^\w@-]+/g, '-')
    .slice(-60)
