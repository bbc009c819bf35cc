/** What one installed package says of itself: manifest, licence text, install scripts. Reads only; runs nothing of it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compareLicence, declaredLicence, type Licence } from './licence.ts'
import type { LockedPackage } from './lockfile.ts'

export interface Installed {
  readonly installed: true
  readonly path: string
  readonly version: string
  readonly licence: Licence
  readonly licenceFiles: readonly string[]
  /** What npm runs when it installs the package: `postinstall: node build.js`. */
  readonly installScripts: readonly string[]
  readonly node: string | undefined
  readonly people: readonly string[]
  readonly repository: string | undefined
}

export interface NotInstalled {
  readonly installed: false
  readonly path: string
}

export type Inspection = Installed | NotInstalled

const LICENCE_FILE = /^(licen[cs]e|copying|unlicense)/i
const INSTALL_STAGES = ['preinstall', 'install', 'postinstall'] as const

/** Reads one package of a lockfile. A folder without package.json is not an installed package. */
export async function inspectPackage(root: string, locked: LockedPackage): Promise<Inspection> {
  const folder = join(root, locked.path)
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(absent)
  if (text === undefined) return { installed: false, path: locked.path }
  const manifest = record(parse(text, folder))
  const files = await readdir(folder, { withFileTypes: true })
  const licenceFiles = files
    .filter((file) => file.isFile() && LICENCE_FILE.test(file.name))
    .map((file) => file.name)
    .sort()
  const texts = await Promise.all(licenceFiles.map((file) => readFile(join(folder, file), 'utf8')))
  return {
    installed: true,
    path: locked.path,
    version: string(manifest.version) ?? 'unknown',
    licence: compareLicence(declaredLicence(manifest), texts.length === 0 ? undefined : texts.join('\n')),
    licenceFiles,
    installScripts: installScripts(
      record(manifest.scripts),
      files.some((file) => file.name === 'binding.gyp'),
    ),
    node: string(record(manifest.engines).node),
    people: peopleOf(manifest),
    repository: repositoryOf(manifest.repository),
  }
}

/** What npm runs on installing; a binding.gyp without an install script of its own is compiled. */
export function installScripts(
  scripts: Readonly<Record<string, unknown>>,
  hasBindingGyp: boolean,
): readonly string[] {
  const own = INSTALL_STAGES.flatMap((stage) =>
    typeof scripts[stage] === 'string' ? [`${stage}: ${scripts[stage]}`] : [],
  )
  return hasBindingGyp && scripts.install === undefined && scripts.preinstall === undefined
    ? ['install: node-gyp rebuild (implied by binding.gyp)', ...own]
    : own
}

/** Author and maintainers by name, without addresses. */
export function peopleOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const all = [manifest.author, ...list(manifest.maintainers), ...list(manifest.contributors)]
  const names = all.map((person) =>
    typeof person === 'string' ? person.replace(/\s*[<(].*$/, '').trim() : string(record(person).name),
  )
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== ''))]
}

/** `github.com/owner/name`, from any of the spellings npm allows. */
export function repositoryOf(repository: unknown): string | undefined {
  const address = string(repository) ?? string(record(repository).url)
  if (address === undefined || address === '') return undefined
  const short = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(address)
  return short
    ? `github.com/${short[1]}`
    : address
        .replace(/^[a-z+]+:\/\/|^git@/, '')
        .replace(/^git@/, '')
        .replace(/^([\w.-]+):(?!\d)/, '$1/')
        .replace(/\.git$/, '')
}

/** Only "it is not there" means not installed; a folder that may not be read is an error worth seeing. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

function parse(text: string, folder: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new Error(`${join(folder, 'package.json')} is not JSON; install the package again with "npm ci".`, {
      cause,
    })
  }
}

// A manifest is a stranger's JSON: each of these takes what has the right shape and leaves the rest.
const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
