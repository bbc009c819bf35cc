/**
 * Memory as a fork sees it: what the original put there after the fork left it is not live in the fork.
 *
 * O1. What it hides is by whom and when it was recorded; what an item was before that is live again.
 * O2. What others record, before or after, holds for both.
 */
import type { Log, Row, Test } from '../log/index.ts'
import type { Fork } from '../run/index.ts'

/** What must have been selected of rows that go through here. */
export const OVERLAID = ['item', 'version', 'run', 'position'] as const

/** Rows of newest versions, as forks of these runs see them. `live` is what selected them, but for `replaced_at`. */
export async function overlaid(
  log: Log,
  forks: readonly Fork[],
  rows: readonly Row[],
  live: Readonly<Record<string, Test>>,
): Promise<readonly Row[]> {
  if (forks.length === 0) return rows
  const left = await Promise.all(
    forks.map(async (fork) => ({ run: fork.run, at: await positionOf(log, fork) })),
  )
  const isHidden = (row: Row) =>
    left.some(({ run, at }) => row['run'] === run && Number(row['position']) > at)
  const later = await Promise.all(
    left.map(({ run, at }) =>
      log.select('items', { where: { run, position: { gt: at } }, columns: ['item'] }),
    ),
  )
  const touched = [...new Set(later.flat().map((row) => String(row['item'])))]
  if (touched.length === 0) return rows
  const versions = await log.select('items', { where: { item: { in: touched } }, order: ['item', 'version'] })
  const before: Row[] = []
  for (const all of Map.groupBy(versions, (row) => String(row['item'])).values()) {
    const last = all.findLast((row) => !isHidden(row))
    if (last) before.push(last)
  }
  const isTouched = new Set(touched)
  return [
    ...rows.filter((row) => !isTouched.has(String(row['item']))),
    ...before.filter((row) =>
      Object.entries(live).every(([column, test]) => fits(row[column] ?? null, test)),
    ),
  ]
}

type Named = { readonly id: string; readonly version: number }

/** Items that were found, in the versions that a fork sees; what is hidden from it is left out. */
export async function seenByFork<Found extends Named>(
  log: Log,
  forks: readonly Fork[],
  found: readonly Found[],
): Promise<readonly Found[]> {
  if (forks.length === 0 || found.length === 0) return found
  const item = { in: found.map(({ id }) => id) }
  const versions = new Map((await liveInFork(log, forks, { item })).map(({ id, version }) => [id, version]))
  return found.flatMap((one) => {
    const version = versions.get(one.id)
    return version === undefined ? [] : [{ ...one, version }]
  })
}

/** What is live of these for a fork, with what the original has replaced since. */
export async function liveInFork(
  log: Log,
  forks: readonly Fork[],
  where: Readonly<Record<string, Test>>,
): Promise<readonly Named[]> {
  const live = { ...where, status: { in: ['active', 'proposed'] } }
  const rows = await log.select('items', { where: { ...live, replaced_at: null }, columns: OVERLAID })
  const seen = await overlaid(log, forks, rows, live)
  return seen.map((row) => ({ id: String(row['item']), version: Number(row['version']) }))
}

/** Where the original went on: what it kept from there on comes after the event that says so. */
async function positionOf(log: Log, { stream, seq }: Fork): Promise<number> {
  for await (const [event] of log.read(stream, seq + 1)) return event?.position ?? Infinity
  return Infinity // it has not
}

/** The tests that rules and lists use. */
function fits(value: Row[string], test: Test): boolean {
  if (typeof test !== 'object' || test === null) return value === test
  if ('in' in test) return test.in.some((one) => one === value)
  return 'not' in test ? value !== test.not : false
}
