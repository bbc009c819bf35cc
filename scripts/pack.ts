import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Builds and packs the package into an empty folder; returns the tarball's path. Throws when the build fails. */
export function pack(folder: string): string {
  const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (status !== 0 || tarball === undefined) throw new Error('npm pack failed; `npm run build` says why.')
  return join(folder, tarball)
}
