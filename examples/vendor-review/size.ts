/** How many bytes and files a package's folder holds, without the packages nested in it: those are counted as their own. */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Size {
  readonly bytes: number
  readonly files: number
}

/** Lengths of regular files; links are not followed, and a file with several names in the folder is counted once. */
export async function measureFolder(root: string, path: string): Promise<Size> {
  const seen = new Set<string>()
  const walk = async (folder: string): Promise<Size> => {
    let bytes = 0
    let files = 0
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const inside = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== 'node_modules') {
        const size = await walk(inside)
        bytes += size.bytes
        files += size.files
      } else if (entry.isFile()) {
        const stat = await lstat(inside)
        const identity = `${stat.dev}:${stat.ino}`
        if (stat.nlink > 1 && seen.has(identity)) continue
        if (stat.nlink > 1) seen.add(identity)
        bytes += stat.size
        files += 1
      }
    }
    return { bytes, files }
  }
  return walk(join(root, path))
}
