/**
 * What a compacted window says of its own accord: the live decisions, constraints and questions of the run's scope.
 *
 * K1. Recorded by id and version, as whatever is read of memory: a replay says the same, but for what was erased since.
 */
import { itemsByVersion, liveInFork, scopesAbove, tagged, type MemoryItem } from '../../memory/index.ts'
import type { Hands } from '../../run/index.ts'
import type { ItemKind } from '../../task/index.ts'

export type Named = readonly [item: string, version: number]
type Reading = Pick<Hands, 'run' | 'log' | 'forks' | 'keep' | 'now'>

/** An operation: which items hold now, oldest first. */
export async function standing(hands: Reading, kinds: readonly ItemKind[]): Promise<readonly Named[]> {
  const { run, log, forks, keep, now } = hands
  if (kinds.length === 0) return []
  const kept = await keep('context', 'keep', async () => {
    const where = { scope: { in: scopesAbove(run.scope ?? '') }, kind: { in: kinds } }
    const live = await liveInFork(log, forks, where)
    const items = await itemsOf(
      log,
      live.map(({ id, version }) => [id, version] as const),
    )
    const value = items
      .filter(({ status, validTo }) => status === 'active' && !(validTo && validTo.getTime() <= now()))
      .map(({ id, version }) => [id, version])
    return { appends: [], value }
  })
  return kept as readonly Named[] // what this operation records
}

/** One line each. */
export async function linesOf({ log }: Reading, named: readonly Named[]): Promise<readonly string[]> {
  return (await itemsOf(log, named)).map(tagged)
}

async function itemsOf(log: Reading['log'], named: readonly Named[]): Promise<readonly MemoryItem[]> {
  const items = await itemsByVersion(log, named)
  return [...items.values()].toSorted(
    (a, b) => a.recordedAt.getTime() - b.recordedAt.getTime() || (a.id < b.id ? -1 : 1),
  )
}
