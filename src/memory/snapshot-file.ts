/**
 * The file beside a store that recall starts from.
 *
 * S1. It is there whole or not at all: written under another name, and renamed.
 * S2. It is a cache. Whoever cannot read or write it does without.
 * S3. What a process that died left half written goes when the next one looks.
 */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

export class SnapshotFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  read(): Buffer | undefined {
    this.#tidy()
    try {
      return readFileSync(this.path)
    } catch {
      return undefined
    }
  }

  /** Readable by whoever may read `like`. False if it could not be written. */
  write(pieces: readonly Uint8Array[], like: string): boolean {
    const beside = `${this.path}.${process.pid}`
    try {
      const file = openSync(beside, 'w', statSync(like).mode & 0o777)
      try {
        for (const bytes of pieces) writeFileSync(file, bytes)
      } finally {
        closeSync(file)
      }
      renameSync(beside, this.path)
      return true
    } catch {
      rmSync(beside, { force: true })
      return false
    }
  }

  /** @throws what the system says: text that should be gone must not be left in silence */
  remove(): void {
    this.#tidy()
    rmSync(this.path, { force: true })
  }

  #tidy(): void {
    const [folder, name] = [dirname(this.path), basename(this.path)]
    try {
      for (const file of readdirSync(folder))
        if (file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1)))
          rmSync(join(folder, file), { force: true })
    } catch {
      // No folder, nothing to tidy.
    }
  }
}
