/**
 * Who may import whom: the table of the architecture page, as data, and the check of it.
 *
 * R1. Every folder of `src/` is a room of the table, and so is `console/` beside it; an unknown one is reported.
 * R2. A room is entered through its `index.ts` unless the table names another file (`run/port.ts`) or says `/**`.
 * R3. The rooms below `store/`, `dispatch/` and `adapters/` never import each other; what they share lies beside them.
 * R4. Slices import each other through their faces, never in a circle.
 * R5. Tests (`*.test.ts`) may import anything.
 *
 * Types count as imports too: a type that leaks couples as tightly as a value.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

export interface Breach {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** A slice's import of another slice. */
interface Edge {
  readonly to: string
  readonly file: string
  readonly line: number
}

/** The features. Each may enter the others, so a circle has to be looked for. */
const slices = [
  'memory',
  'continuity',
  'boundary',
  'model',
  'recovery',
  'oversight',
  'drift',
  'release',
  'data',
  'readiness',
  'portfolio',
]
const core = ['log/**', 'store/**', 'dispatch/**', 'task/**', 'run/**', 'tokens']

/** What each room may import. `errors.ts` may be imported by all. */
export const table: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  log: [],
  tokens: [],
  telemetry: ['log'],
  store: ['log', 'run/port.ts'],
  dispatch: ['log', 'run/port.ts'],
  task: ['log', 'run/**'],
  run: ['log', 'task/**'],
  ...Object.fromEntries(slices.map((slice) => [slice, ['log', 'task', 'run', 'tokens', ...slices]])),
  app: [...core, ...slices, 'telemetry'],
  server: ['app', ...slices],
  mcp: ['app', ...slices],
  adapters: ['app', ...slices],
  cli: ['app', 'server', 'mcp', 'testing/model-server/index.ts'],
  console: ['server/api.ts'],
  testing: [...core, ...slices.map((slice) => `${slice}/**`), 'app/**', 'adapters/**', 'index.ts'],
  'index.ts': [...core, ...slices, 'telemetry', 'app', 'server', 'mcp', 'adapters/**'],
}

/** Rooms made of rooms that share one port. */
const buildings = ['store', 'dispatch', 'adapters']

/** A driver is known in one place only. */
export const drivers: Readonly<Record<string, readonly string[]>> = {
  'node:sqlite': ['store/sqlite'],
  pg: ['store/postgres', 'dispatch/postgres'],
  '@restatedev': ['dispatch/restate'],
  // Bundled into one file of that folder: whoever else imported it would make it a dependency of the package.
  '@bufbuild': ['memory/rules'],
}

const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)(['"`])([^'"`\n]+)\1/g
const isComment = /^\s*(?:\/\/|\/\*|\*)/

/** Every breach of the table in a project's `src/` and `console/`, in the order of files and lines. */
export function breachesIn(project: string): readonly Breach[] {
  const breaches: Breach[] = []
  const edges = new Map<string, Edge[]>()
  for (const path of sourcesIn(project)) {
    const file = inHouse(path)
    const from = roomOf(file)
    if (!(from in table)) {
      breaches.push({
        file: path,
        line: 1,
        message: `${from} is no room of the table in scripts/lint/rooms.ts`,
      })
      continue
    }
    for (const { specifier, line } of importsOf(readFileSync(join(project, path), 'utf8'))) {
      const isOurs = specifier.startsWith('.')
      const target = isOurs ? inHouse(posix.join(posix.dirname(path), specifier)) : specifier
      const message = isOurs ? refusalOf(file, target) : packageRefusal(file, specifier)
      if (message) breaches.push({ file: path, line, message })
      const to = roomOf(target)
      if (isOurs && !message && to !== from && slices.includes(from) && slices.includes(to)) {
        const known = edges.get(from) ?? []
        if (!known.some((edge) => edge.to === to)) edges.set(from, [...known, { to, file: path, line }])
      }
    }
  }
  return [...breaches, ...circlesOf(edges)]
}

/** The project's own sources, tests left out (R5). */
function sourcesIn(project: string): readonly string[] {
  const exclude = ['**/node_modules/**', '**/dist/**']
  const paths = globSync(['src/**/*.{ts,tsx}', 'console/**/*.{ts,tsx}'], { cwd: project, exclude })
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !/\.test\.tsx?$/.test(path))
    .toSorted()
}

/** What a source text imports, type imports, re-exports and worker files included. */
export function importsOf(text: string): readonly { readonly specifier: string; readonly line: number }[] {
  const code = text
    .split('\n')
    .map((line) => (isComment.test(line) ? '' : line))
    .join('\n')
  return [...code.matchAll(specifiers)].map((match) => ({
    specifier: match[2] ?? '',
    line: code.slice(0, match.index + match[0].length).split('\n').length,
  }))
}

function refusalOf(file: string, target: string): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (target === 'errors.ts' || target === '../package.json') return undefined
  if (!(to in table)) return `${from} may not import ${target}: it is no room of the house`
  if (from === to) {
    const [own, other] = [roomWithin(file), roomWithin(target)]
    if (own === other || other === undefined) return undefined
    return `${own ?? from} may not import ${other}: rooms of ${from}/ never import each other`
  }
  const allowed = table[from] ?? []
  if (allowed.includes(`${to}/**`) || allowed.includes(target)) return undefined
  if (allowed.includes(to)) {
    return target === `${to}/index.ts`
      ? undefined
      : `${from} may enter ${to} through ${to}/index.ts only (${target})`
  }
  return `${from} may not import ${target}`
}

function packageRefusal(file: string, specifier: string): string | undefined {
  if (/^throughline(?:\/|$)/.test(specifier))
    return `${roomOf(file)} may not import the package it is part of (${specifier})`
  const driver = Object.keys(drivers).find((key) => specifier === key || specifier.startsWith(`${key}/`))
  const places = driver === undefined ? undefined : drivers[driver]
  if (!places || places.some((place) => file.startsWith(`${place}/`))) return undefined
  return `${roomOf(file)} may not import ${specifier}: only ${places.join(' and ')} may`
}

/** Slices that reach themselves, each named once, at the import that closes the circle. */
function circlesOf(edges: ReadonlyMap<string, readonly Edge[]>): readonly Breach[] {
  const found = new Map<string, Breach>()
  const walk = (path: readonly string[]): void => {
    for (const edge of edges.get(path.at(-1) ?? '') ?? []) {
      const at = path.indexOf(edge.to)
      if (at < 0) walk([...path, edge.to])
      else {
        const circle = path.slice(at)
        const key = circle.toSorted().join()
        const message = `slices import each other in a circle: ${[...circle, edge.to].join(' → ')}`
        if (!found.has(key)) found.set(key, { file: edge.file, line: edge.line, message })
      }
    }
  }
  for (const slice of [...edges.keys()].toSorted()) walk([slice])
  return [...found.values()]
}

/** A project path as the table knows it: `src/log/chain.ts` is `log/chain.ts`; what is outside keeps `../`. */
function inHouse(path: string): string {
  if (path.startsWith('src/')) return path.slice('src/'.length)
  return path.startsWith('console/') ? path : `../${path}`
}

/** The first folder of a path of the house, or the file itself. */
function roomOf(file: string): string {
  return file.split('/')[0] ?? file
}

/** `store/sqlite` of `store/sqlite/rows.ts`; nothing of `store/contract.ts`, which its rooms share. */
function roomWithin(file: string): string | undefined {
  const [building = '', room, ...rest] = file.split('/')
  return buildings.includes(building) && rest.length > 0 ? `${building}/${room}` : undefined
}
