/** npm's package-lock.json, as far as a review needs it: which package, which version, at which path, on whose word. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'

export interface LockedPackage {
  /** Where it is installed, from the lockfile's folder: `node_modules/a/node_modules/b`. Unique in a lockfile. */
  readonly path: string
  readonly name: string
  readonly version: string
  readonly use: 'runtime' | 'development' | 'optional' | 'peer'
  /** npm skips an optional package whose platform is another; a missing one is no fault then. */
  readonly optional: boolean
  /** `linux/x64`, when the package is for some platforms only. */
  readonly platform: string | undefined
  readonly hasInstallScript: boolean
  readonly deprecated: string | undefined
  /** Set when it comes from git, a plain address or a file rather than a registry. */
  readonly source: string | undefined
  readonly hasIntegrity: boolean
}

export interface Lockfile {
  readonly path: string
  /** The folder that its package paths start from. */
  readonly root: string
  readonly name: string
  readonly packages: readonly LockedPackage[]
}

/** The lockfile cannot be reviewed; the message says what to do. */
export class LockfileUnusable extends Error {
  override readonly name = 'LockfileUnusable'
}

const flag = z.boolean().optional()
const Entry = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  dev: flag,
  optional: flag,
  devOptional: flag,
  peer: flag,
  link: flag,
  inBundle: flag,
  hasInstallScript: flag,
  deprecated: z.union([z.string(), z.boolean()]).optional(),
  os: z.array(z.string()).optional(),
  cpu: z.array(z.string()).optional(),
})
const Shape = z.object({
  name: z.string().optional(),
  lockfileVersion: z.number(),
  packages: z.record(z.string(), Entry).optional(),
})

/** Reads and parses a lockfile. @throws {LockfileUnusable} it is missing, malformed, or older than npm 7 */
export async function readLockfile(file: string): Promise<Lockfile> {
  const path = resolve(file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LockfileUnusable(
      `Cannot read the lockfile ${path}; run "npm install" in its folder to write one, or name another with --lockfile.`,
      { cause },
    )
  })
  return parseLockfile(text, path)
}

/** @throws {LockfileUnusable} */
export function parseLockfile(text: string, path: string): Lockfile {
  const parsed = Shape.safeParse(jsonOf(text, path))
  if (!parsed.success)
    throw new LockfileUnusable(
      `${path} is JSON but not a package-lock.json:\n${z.prettifyError(parsed.error)}`,
    )
  const { lockfileVersion, packages, name } = parsed.data
  if (lockfileVersion < 2 || !packages) {
    throw new LockfileUnusable(
      `${path} has lockfileVersion ${lockfileVersion}, which does not say what is installed where; ` +
        'write a newer one with "npm install --package-lock-only --lockfile-version 3".',
    )
  }
  const root = dirname(path)
  return {
    path,
    root,
    name: name ?? root,
    packages: Object.entries(packages).filter(isVendor).map(lockedPackage),
  }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LockfileUnusable(
      `${path} is not JSON (${cause instanceof Error ? cause.message : String(cause)}); this reads npm's package-lock.json.`,
      { cause },
    )
  }
}

type Locked = z.infer<typeof Entry>

/** The root, workspaces and links to them are the project's own code, not a vendor's. */
function isVendor([path, entry]: readonly [string, Locked]): boolean {
  return path.includes('node_modules/') && entry.link !== true
}

function lockedPackage([path, entry]: readonly [string, Locked]): LockedPackage {
  return {
    path,
    // An alias ("a": "npm:b@1") is installed under one name and is another; the lockfile then carries the real one.
    name: entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version ?? 'unknown',
    use:
      entry.dev || entry.devOptional
        ? 'development'
        : entry.optional
          ? 'optional'
          : entry.peer
            ? 'peer'
            : 'runtime',
    optional: entry.optional === true || entry.devOptional === true || entry.peer === true,
    platform:
      entry.os || entry.cpu
        ? [entry.os?.join('|'), entry.cpu?.join('|')].filter(Boolean).join('/')
        : undefined,
    hasInstallScript: entry.hasInstallScript === true,
    deprecated: entry.deprecated === true ? 'deprecated' : entry.deprecated || undefined,
    source: entry.resolved !== undefined && !isRegistryTarball(entry.resolved) ? entry.resolved : undefined,
    // What is bundled came inside another package's tarball, which has its own.
    hasIntegrity: entry.integrity !== undefined || entry.inBundle === true,
  }
}

/** Registries, private ones included, serve tarballs as `<name>/-/<name>-<version>.tgz`. */
const isRegistryTarball = (address: string): boolean => /^https:\/\/.*\/-\/.*\.tgz(#.*)?$/.test(address)
