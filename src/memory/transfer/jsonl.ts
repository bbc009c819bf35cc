/**
 * What `export` wrote, taken in: versions as they were recorded elsewhere, with their authors.
 *
 * J1. A version that is here already, the same, is left alone: importing twice is importing once.
 * J2. A version that is here already and says otherwise refuses the whole.
 * J3. Versions follow one another without a gap, and nothing follows the end of an item.
 */
import { encode, type Log } from '../../log/index.ts'
import type { Item } from '../../task/index.ts'
import { ImportConflict, type VersionConflict } from '../errors.ts'
import type { ItemFlagged } from '../events.ts'
import { isLive } from '../expiry.ts'
import { flagsOf } from '../flags.ts'
import { checkName } from '../item.ts'
import { itemsOf } from '../reading.ts'
import { checkCondition, type Put } from '../writing.ts'
import { FORMAT, isObject, itemFields, versionOf, type Version } from './line.ts'
import type { Problems } from './problems.ts'
import { turns } from './turns.ts'

export interface Lines {
  readonly versions: readonly (Version & { readonly line: number })[]
  readonly flags: readonly ItemFlagged[]
}

/** What is to be put, and in which line it stands. */
export interface Incoming extends Put {
  readonly line: number
}

/** @throws {BadMemoryImport} through `problems` */
export async function parseLines(
  lines: readonly { readonly text: string; readonly line: number }[],
  problems: Problems,
): Promise<Lines> {
  const versions: (Version & { readonly line: number })[] = []
  const flags: ItemFlagged[] = []
  const last = new Map<string, Item>()
  const [first, ...rest] = lines
  if (first) checkHead(first, problems)
  const turn = turns()
  for (const { text, line } of rest) {
    await turn()
    const json = parsed(text)
    if (json && isObject(json['flag'])) {
      const flag = await problems.at(line, () => flagOf(json['flag'] as Record<string, unknown>))
      if (flag) flags.push(flag)
      continue
    }
    if (!json || !isObject(json['item'])) {
      problems.add(line, json ? 'it is neither an item nor a flag.' : 'it is no JSON object.')
      continue
    }
    const version = await problems.at(line, async () => {
      const made = versionOf(json)
      if (made.item.rule) await checkCondition(made.item.rule)
      return made
    })
    if (!version) continue
    const { item } = version
    const gap = gapBefore(item, last.get(item.id))
    if (gap !== undefined) problems.add(line, gap)
    last.set(item.id, item)
    versions.push({ ...version, line })
  }
  problems.check()
  return { versions, flags }
}

function checkHead({ text, line }: { readonly text: string; readonly line: number }, problems: Problems) {
  const head = parsed(text)
  const kind = head?.['throughline']
  if (kind === 'memory' && head?.['format'] === FORMAT) return
  const isWhole = typeof kind === 'number'
  problems.add(
    line,
    isWhole
      ? 'this is the export of runs or of a whole store; take it in with throughline import.'
      : kind === 'memory'
        ? `it has format ${JSON.stringify(head?.['format'])}; this program knows ${FORMAT}.`
        : 'it does not say that it is an export of memory.',
  )
  problems.check()
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

function flagOf({ item, origin, via, status }: Readonly<Record<string, unknown>>): ItemFlagged {
  return {
    item: checkName('flag.item', item),
    origin: checkName('flag.origin', origin),
    via: checkName('flag.via', via),
    status: status === 'superseded' ? 'superseded' : 'withdrawn',
  }
}

function gapBefore({ id, version, kind, scope }: Item, before: Item | undefined): string | undefined {
  if (!before) return undefined
  if (version !== before.version + 1)
    return `version ${version} of ${id} comes after version ${before.version}.`
  if (!isLive(before.status)) return `${id} is ${before.status}; nothing follows that.`
  return kind === before.kind && scope === before.scope
    ? undefined
    : `${id} cannot become another kind of item, or move to another scope.`
}

/** Versions that are not here yet. @throws {ImportConflict} @throws {BadMemoryImport} */
export async function incoming(log: Log, { versions }: Lines, problems: Problems) {
  const here = await present(log, [...new Set(versions.map(({ item }) => item.id))])
  const conflicts: VersionConflict[] = []
  const news: Incoming[] = []
  const newest = new Map<string, Item>()
  const turn = turns()
  for (const { item, firstAt, affirms, line } of versions) {
    await turn()
    const { id, version } = item
    const known = here.get(id)
    const same = known?.get(version)
    if (same) {
      if (!isSame(same, item))
        conflicts.push({ line, item: id, version, here: same.author, there: item.author })
      continue
    }
    const before = newest.get(id) ?? known?.get(version - 1)
    if (version > 1 && !before)
      problems.add(line, `version ${version - 1} of ${id} is neither here nor there.`)
    else if (before && (!isLive(before.status) || before.kind !== item.kind || before.scope !== item.scope))
      conflicts.push({ line, item: id, version, here: before.author, there: item.author })
    newest.set(id, item)
    news.push({ item, firstAt, isLinked: false, line, ...(affirms ? { affirms } : {}) })
  }
  problems.check()
  if (conflicts.length > 0) throw new ImportConflict(conflicts)
  return { news, alreadyHere: versions.length - news.length }
}

const isSame = (one: Item, other: Item): boolean => encode(itemFields(one)) === encode(itemFields(other))

const AT_ONCE = 500

async function present(log: Log, ids: readonly string[]): Promise<Map<string, Map<number, Item>>> {
  const known = new Map<string, Map<number, Item>>()
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const rows = await log.select('items', { where: { item: { in: ids.slice(i, i + AT_ONCE) } } })
    await new Promise(setImmediate)
    for (const item of await itemsOf(log, rows)) {
      const versions = known.get(item.id) ?? new Map<number, Item>()
      known.set(item.id, versions.set(item.version, item))
    }
  }
  return known
}

/** Flags of the other store that still mean something: of items in the version that it knew, and not raised here. */
export async function incomingFlags(
  log: Log,
  { versions, flags }: Lines,
): Promise<readonly (ItemFlagged & { readonly scope: string })[]> {
  if (flags.length === 0) return []
  const newest = new Map(versions.map(({ item }) => [item.id, item]))
  const raised = new Set((await flagsOf(log)).map(({ item, origin }) => `${item} ${origin}`))
  const where = { item: { in: flags.map(({ item }) => item) }, replaced_at: null }
  const rows = await log.select('items', { where, columns: ['item', 'version'] })
  const here = new Map(rows.map((row) => [String(row['item']), Number(row['version'])]))
  return flags.flatMap((flag) => {
    const item = newest.get(flag.item)
    if (!item || !isLive(item.status) || raised.has(`${flag.item} ${flag.origin}`)) return []
    return (here.get(item.id) ?? 0) > item.version ? [] : [{ ...flag, scope: item.scope }]
  })
}
