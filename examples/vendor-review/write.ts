/** Writes a file whole or not at all: whoever reads it sees the old text or the new, never half. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** `mark` names the temporary file beside the target; a repeated attempt with the same mark overwrites its own, so none is left over. */
export async function writeWhole(path: string, text: string, mark: string): Promise<void> {
  const temporary = `${path}.${mark.replace(/[^\w-]+/g, '_')}.tmp`
  await mkdir(dirname(path), { recursive: true })
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(text)
      // Without this a power cut after the rename could leave the new name on an empty file.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
