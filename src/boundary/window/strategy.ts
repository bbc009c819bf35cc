/**
 * Ways to make a window smaller, declared before it is needed.
 *
 * S1. A strategy is data: building one does nothing, `then` gives a longer one and leaves both as they are.
 * S2. It is only ever given what may go. What must stay is kept from it, not left to it (compaction.ts).
 */
import type { Compaction, CompactionLink, Summariser } from '../../task/index.ts'
import { BadWindow } from './errors.ts'

const compaction = (links: readonly CompactionLink[]): Compaction => ({
  links,
  then: (next) => compaction([...links, ...next.links]),
})

/** Leaves out what tools gave, oldest first, and keeps that they were called, with what. `last`: so many results stay whole. */
export function dropToolBodies(options: { readonly last?: number } = {}): Compaction {
  return compaction([{ name: 'dropToolBodies', last: whole('dropToolBodies.last', options.last ?? 2, 0) }])
}

/** Puts what is older than the last messages into a summary of at most so many tokens. */
export function summarise(options: {
  readonly model: Summariser
  readonly last?: number
  readonly maxTokens?: number
}): Compaction {
  const { model } = options
  if (
    !(
      typeof model === 'function' ||
      typeof model === 'string' ||
      (typeof model === 'object' && model !== null)
    )
  )
    throw new BadWindow(
      'summarise.model',
      'it must be a function, the id of a model, or a model of the AI SDK.',
    )
  const last = whole('summarise.last', options.last ?? 6, 0)
  return compaction([
    { name: 'summarise', model, last, maxTokens: whole('summarise.maxTokens', options.maxTokens ?? 1000, 1) },
  ])
}

/** Leaves messages out, oldest first, but for the last ones. */
export function window(options: { readonly last?: number } = {}): Compaction {
  return compaction([{ name: 'window', last: whole('window.last', options.last ?? 10, 0) }])
}

/** What is done where nothing was declared. */
export const byDefault: Compaction = dropToolBodies().then(window())

export const nameOf = ({ links }: Compaction): string => links.map(({ name }) => name).join(' › ')

/** @throws {BadWindow} */
export function checkCompaction(given: unknown): Compaction {
  if (
    typeof given === 'object' &&
    given !== null &&
    'links' in given &&
    Array.isArray(given.links) &&
    given.links.length > 0
  )
    return given as Compaction // made by the functions above, which are the only ones that are documented
  throw new BadWindow(
    'compaction',
    'give dropToolBodies(), summarise({ model }), window({ last }), or several joined by .then().',
  )
}

export function whole(option: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw new BadWindow(option, `it must be a whole number from ${least}; got ${String(value)}.`)
}
