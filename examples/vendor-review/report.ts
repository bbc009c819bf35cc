/** The review as Markdown: what to look at first, then what everything is. Pure: the same findings give the same text. */
import type { Footprint } from './footprint.ts'
import type { LockedPackage } from './lockfile.ts'
import { bytes, code, count, list, section, table } from './markdown.ts'
import { RULES, type Rating, type Scored } from './score.ts'

export interface Findings {
  readonly project: string
  readonly lockfile: string
  readonly runId: string
  readonly reviewedAt: number
  /** Installed packages, ranked. */
  readonly vendors: readonly Scored[]
  readonly notInstalled: readonly LockedPackage[]
  /** Top-level packages that the lockfile does not list. */
  readonly unlisted: readonly string[]
  readonly footprint: Footprint
}

const RATINGS: readonly Rating[] = ['high', 'medium', 'low', 'clear']

export function renderReport(findings: Findings): string {
  return (
    [
      `# Third-party review of ${code(findings.project)}`,
      `${code(findings.lockfile)}, read ${new Date(findings.reviewedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC by run ${code(findings.runId)}.`,
      section('Summary', summary(findings)),
      section('Look at these first', lookFirst(findings.vendors)),
      section('Licences', licences(findings.vendors)),
      section('Footprint', footprint(findings)),
      section('Every installed package', everyPackage(findings.vendors)),
      section('Not installed', notInstalled(findings.notInstalled)),
      section(
        'How points are given',
        [
          '6 points and more are high, 3 to 5 medium, 1 or 2 low. Points say "look here", not "this is bad".',
          table(
            ['Points', 'For'],
            RULES.map((rule) => [`${rule.points}`, rule.about]),
          ),
        ].join('\n\n'),
      ),
    ].join('\n\n') + '\n'
  )
}

function summary({
  vendors,
  notInstalled: missing,
  unlisted,
  footprint: { bytes: size, files, duplicates },
}: Findings): string {
  const having = (test: (vendor: Scored) => boolean): number => vendors.filter(test).length
  return list([
    `**${count(vendors.length + missing.length, 'package')} locked**, ${vendors.length} installed (${bytes(size)} in ${count(files, 'file')}), ${missing.length} not installed.`,
    `**To look at:** ${RATINGS.map((rating) => `${having((vendor) => vendor.rating === rating)} ${rating}`).join(', ')}.`,
    `**Used in:** ${[...Map.groupBy(vendors, ({ locked }) => locked.use)].map(([use, of]) => `${of.length} ${use}`).join(', ') || 'nothing'}.`,
    `**Code that runs on install:** ${count(
      having(({ seen, locked }) => seen.installScripts.length > 0 || locked.hasInstallScript),
      'package',
    )}.`,
    `**Licence differs or is missing:** ${count(
      having(({ seen }) => seen.licence.verdict === 'differs' || seen.licence.kind === 'none'),
      'package',
    )}.`,
    `**Deprecated:** ${having(({ locked }) => locked.deprecated !== undefined)}. **Installed other than locked:** ${having(({ seen, locked }) => seen.version !== locked.version)}. **Installed more than once:** ${duplicates.length}.`,
    ...(unlisted.length === 0
      ? []
      : [
          `**In node_modules but not in the lockfile:** ${unlisted.map(code).join(', ')}; "npm prune" removes what is left over.`,
        ]),
  ])
}

function lookFirst(vendors: readonly Scored[]): string {
  const flagged = vendors.filter(({ points }) => points > 0)
  if (flagged.length === 0) return 'Nothing stood out.'
  return table(
    ['Rating', 'Package', 'Used in', 'Licence', 'Size', 'Points', 'Why'],
    flagged.map((vendor) => [
      vendor.rating,
      nameOf(vendor),
      vendor.locked.use,
      licenceOf(vendor),
      bytes(vendor.size.bytes),
      `${vendor.points}`,
      vendor.reasons.map(({ points, says }) => `+${points} ${says}`).join('; '),
    ]),
  )
}

function licences(vendors: readonly Scored[]): string {
  const groups = [...Map.groupBy(vendors, licenceOf)].sort(
    ([a, x], [b, y]) => y.length - x.length || a.localeCompare(b),
  )
  const carrying = vendors.filter(({ seen: { licence } }) => licence.found.length > 1)
  const bundled =
    carrying.length === 0
      ? ''
      : `\n\nThe licence text of ${carrying.map((vendor) => `${nameOf(vendor)} (${vendor.seen.licence.found.join(', ')})`).join('; ')} names more than one licence: often that of code bundled with it.`
  return (
    table(
      ['Licence', 'Kind', 'Packages', 'Text agrees'],
      groups.map(([licence, of]) => [
        licence,
        of[0]?.seen.licence.kind ?? '',
        `${of.length}`,
        `${of.filter(({ seen }) => seen.licence.verdict === 'agrees').length}`,
      ]),
    ) + bundled
  )
}

function footprint({ vendors, footprint: { bytes: size, biggest, duplicates } }: Findings): string {
  const byPath = new Map(vendors.map((vendor) => [vendor.path, vendor]))
  const rows = biggest.flatMap(({ path, bytes: own }) => {
    const vendor = byPath.get(path)
    return vendor
      ? [
          [
            nameOf(vendor),
            bytes(own),
            `${Math.round((own / Math.max(size, 1)) * 100)}%`,
            `${vendor.size.files}`,
          ],
        ]
      : []
  })
  const twice = duplicates.map(({ name, versions, paths }) => [
    code(name),
    versions.join(', '),
    `${paths.length}`,
  ])
  return [
    'The biggest, each without the packages nested in it:',
    table(['Package', 'Size', 'Share', 'Files'], rows),
    'Installed more than once:',
    twice.length === 0 ? 'None.' : table(['Package', 'Versions', 'Copies'], twice),
  ].join('\n\n')
}

function notInstalled(packages: readonly LockedPackage[]): string {
  const missing = packages.filter(({ optional }) => !optional)
  const skipped = [
    ...Map.groupBy(
      packages.filter(({ optional }) => optional),
      ({ platform }) => platform ?? 'any platform',
    ),
  ].sort(([a], [b]) => a.localeCompare(b))
  if (packages.length === 0) return 'Everything in the lockfile is installed.'
  return [
    ...(missing.length === 0
      ? []
      : [
          `**Missing, although not optional** ("npm ci" installs them): ${missing.map(({ name, version }) => code(`${name} ${version}`)).join(', ')}.`,
        ]),
    ...(skipped.length === 0
      ? []
      : [
          'Optional, so npm may leave them out, mostly because they are for another platform. They were not reviewed.',
          table(
            ['For', 'Packages'],
            skipped.map(([platform, of]) => [
              platform,
              [...new Set(of.map(({ name }) => code(name)))].join(', '),
            ]),
          ),
        ]),
  ].join('\n\n')
}

function everyPackage(vendors: readonly Scored[]): string {
  const rows = vendors
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)) || a.path.localeCompare(b.path))
    .map((vendor) => [
      nameOf(vendor),
      licenceOf(vendor),
      vendor.seen.licence.verdict,
      bytes(vendor.size.bytes),
      `${vendor.size.files}`,
      vendor.seen.node ?? '',
      people(vendor),
      `${vendor.points}`,
    ])
  return table(
    ['Package', 'Licence', 'Text', 'Size', 'Files', 'Node', 'People, or repository', 'Points'],
    rows,
  )
}

const nameOf = ({ locked, seen }: Scored): string => code(`${locked.name} ${seen.version}`)
const licenceOf = ({ seen: { licence } }: Scored): string => licence.declared ?? licence.found[0] ?? '(none)'

function people({ seen }: Scored): string {
  const [first, second, ...others] = seen.people
  if (first === undefined) return seen.repository ?? ''
  return [first, second, others.length > 0 ? `${others.length} more` : undefined]
    .filter((name) => name !== undefined)
    .join(', ')
}
