/**
 * Which packages a person should look at first, and why.
 *
 * Every point has a rule and every rule a sentence: the report prints both, so a reader can disagree with a number.
 * Points say "look here", not "this is bad".
 */
import type { Installed } from './inspect.ts'
import type { LockedPackage } from './lockfile.ts'
import type { Size } from './size.ts'

/** All that is known of one installed package. */
export interface Vendor {
  readonly locked: LockedPackage
  readonly seen: Installed
  readonly size: Size
  /** Packages inside its folder that the lockfile does not list. */
  readonly unlisted: readonly string[]
}

export interface Reason {
  readonly points: number
  readonly says: string
}

export type Rating = 'high' | 'medium' | 'low' | 'clear'

export interface Score {
  /** The package's. */
  readonly path: string
  readonly points: number
  readonly rating: Rating
  readonly reasons: readonly Reason[]
}

export type Scored = Vendor & Score

export interface Rule {
  readonly points: number
  readonly about: string
  /** The sentence for the report when the rule applies. */
  readonly check: (vendor: Vendor) => string | false
}

const MEGABYTE = 1_000_000

export const RULES: readonly Rule[] = [
  {
    points: 5,
    about: 'installed version is not the locked one',
    check: ({ locked, seen }) =>
      seen.version !== locked.version && `version ${seen.version} is installed, ${locked.version} is locked`,
  },
  {
    points: 5,
    about: 'strong copyleft (GPL, AGPL …)',
    check: ({ seen }) => seen.licence.kind === 'strong copyleft' && `${licenceName(seen)} is strong copyleft`,
  },
  {
    points: 5,
    about: 'not for every use (BUSL, SSPL, Elastic …)',
    check: ({ seen }) =>
      seen.licence.kind === 'restricted' && `${licenceName(seen)} does not allow every use`,
  },
  {
    points: 5,
    about: 'no licence granted: none declared and none found, or UNLICENSED',
    check: ({ seen }) =>
      seen.licence.kind === 'none' &&
      (seen.licence.declared
        ? `declares "${seen.licence.declared}": no licence is granted`
        : 'declares no licence and ships no text that could be recognised'),
  },
  {
    points: 4,
    about: 'contains packages that the lockfile does not list',
    check: ({ unlisted }) =>
      unlisted.length > 0 &&
      `holds ${plural(unlisted.length, 'package')} that the lockfile does not list: ${unlisted.map((path) => path.split('node_modules/').at(-1)).join(', ')}`,
  },
  {
    points: 3,
    about: 'runs a script when it is installed',
    check: ({ locked, seen }) => {
      if (seen.installScripts.length > 0)
        return `runs on install: ${seen.installScripts.map((script) => `\`${script}\``).join(', ')}`
      return locked.hasInstallScript && 'the lockfile says it has an install script, its manifest names none'
    },
  },
  {
    points: 3,
    about: 'deprecated',
    check: ({ locked }) => locked.deprecated !== undefined && `deprecated: ${locked.deprecated}`,
  },
  {
    points: 3,
    about: 'licence text differs from the declared licence',
    check: ({ seen: { licence } }) =>
      licence.verdict === 'differs' &&
      `declares ${licence.declared}, its text reads as ${licence.found.join(' and ')}`,
  },
  {
    points: 3,
    about: 'does not come from a registry',
    check: ({ locked }) => locked.source !== undefined && `comes from ${locked.source}`,
  },
  {
    points: 3,
    about: 'no integrity hash in the lockfile',
    check: ({ locked }) =>
      !locked.hasIntegrity && 'the lockfile has no integrity hash, so a changed download would go unnoticed',
  },
  {
    points: 2,
    about: 'licence not known to this review',
    check: ({ seen }) =>
      seen.licence.kind === 'unknown' && `"${licenceName(seen)}" is not a licence this review knows`,
  },
  {
    points: 2,
    about: 'weak copyleft (MPL, LGPL, EPL …)',
    check: ({ seen }) =>
      seen.licence.kind === 'weak copyleft' &&
      `${licenceName(seen)} is weak copyleft: changes to its files are to be shared`,
  },
  {
    points: 1,
    about: 'licence declared, but no licence text shipped',
    check: ({ seen }) =>
      seen.licence.verdict === 'no text' && `declares ${seen.licence.declared} but ships no licence text`,
  },
  {
    points: 1,
    about: 'licence text not recognised',
    check: ({ seen }) =>
      seen.licence.verdict === 'text not recognised' &&
      `${seen.licenceFiles.join(', ')} was not recognised as ${seen.licence.declared}`,
  },
  {
    points: 1,
    about: 'licence text shipped, but none declared',
    check: ({ seen }) =>
      seen.licence.verdict === 'not declared' &&
      `declares no licence, ships ${seen.licence.found.join(' and ') || 'a text'}`,
  },
  {
    points: 1,
    about: 'names neither people nor a repository',
    check: ({ seen }) =>
      seen.people.length === 0 && seen.repository === undefined && 'names neither people nor a repository',
  },
  {
    points: 1,
    about: 'larger than 20 MB',
    check: ({ size }) => size.bytes > 20 * MEGABYTE && `takes ${Math.round(size.bytes / MEGABYTE)} MB`,
  },
]

/** Scores every vendor, most points first; equals by size, then by path. */
export function rank(vendors: readonly Vendor[], rules: readonly Rule[] = RULES): readonly Score[] {
  const scored = vendors.map((vendor) => ({ vendor, score: score(vendor, rules) }))
  scored.sort(
    (a, b) =>
      b.score.points - a.score.points ||
      b.vendor.size.bytes - a.vendor.size.bytes ||
      a.score.path.localeCompare(b.score.path),
  )
  return scored.map(({ score }) => score)
}

function score(vendor: Vendor, rules: readonly Rule[]): Score {
  const reasons = rules.flatMap(({ points, check }) => {
    const says = check(vendor)
    return says === false ? [] : [{ points, says }]
  })
  const points = reasons.reduce((sum, reason) => sum + reason.points, 0)
  return { path: vendor.locked.path, points, rating: ratingOf(points), reasons }
}

export function ratingOf(points: number): Rating {
  if (points >= 6) return 'high'
  if (points >= 3) return 'medium'
  return points > 0 ? 'low' : 'clear'
}

const licenceName = (seen: Installed): string => seen.licence.declared ?? seen.licence.found[0] ?? 'none'
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
