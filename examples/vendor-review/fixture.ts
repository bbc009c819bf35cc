/** A package with nothing to say about it, for the tests: each changes what it is about. */
import type { Installed } from './inspect.ts'
import type { LockedPackage } from './lockfile.ts'
import type { Vendor } from './score.ts'

interface Changes {
  readonly locked?: Partial<LockedPackage>
  readonly seen?: Partial<Installed>
  readonly size?: Vendor['size']
  readonly unlisted?: readonly string[]
}

export function lockedPackage(changes: Partial<LockedPackage> = {}): LockedPackage {
  return {
    path: 'node_modules/a',
    name: 'a',
    version: '1.0.0',
    use: 'runtime',
    optional: false,
    platform: undefined,
    hasInstallScript: false,
    deprecated: undefined,
    source: undefined,
    hasIntegrity: true,
    ...changes,
  }
}

export function vendor({
  locked = {},
  seen = {},
  size = { bytes: 1000, files: 3 },
  unlisted = [],
}: Changes = {}): Vendor {
  const licence = { declared: 'MIT', found: ['MIT'], kind: 'permissive', verdict: 'agrees' } as const
  return {
    locked: lockedPackage(locked),
    seen: {
      installed: true,
      path: locked.path ?? 'node_modules/a',
      version: '1.0.0',
      licence,
      licenceFiles: ['LICENSE'],
      installScripts: [],
      node: '>=24',
      people: ['Ada'],
      repository: 'github.com/ada/a',
      ...seen,
    },
    size,
    unlisted,
  }
}
