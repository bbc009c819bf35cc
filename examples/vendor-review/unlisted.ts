/** Packages that lie in node_modules although the lockfile does not list them: left over, or fetched by an install script. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths of unlisted packages, from `root`, in order. Looks into the top node_modules and into that of every listed package. */
export async function findUnlisted(root: string, listed: readonly string[]): Promise<readonly string[]> {
  const known = new Set(listed)
  const found = await Promise.all(
    ['', ...listed].map((path) => packagesIn(root, path === '' ? 'node_modules' : `${path}/node_modules`)),
  )
  return found
    .flat()
    .filter((path) => !known.has(path))
    .sort()
}

/** The listed package whose node_modules an unlisted one lies in; undefined at the top. */
export function ownerOf(path: string): string | undefined {
  const at = path.lastIndexOf('/node_modules/')
  return at < 0 ? undefined : path.slice(0, at)
}

async function packagesIn(root: string, folder: string): Promise<string[]> {
  const names = await foldersIn(join(root, folder))
  const nested = names.map(async (name) =>
    name.startsWith('@')
      ? (await foldersIn(join(root, folder, name))).map((scoped) => `${folder}/${name}/${scoped}`)
      : [`${folder}/${name}`],
  )
  return (await Promise.all(nested)).flat()
}

/** Links are the project's own workspaces; names with a dot first are npm's and tools' own. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
}
