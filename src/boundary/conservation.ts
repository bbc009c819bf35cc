/**
 * What must survive on the way from one stage to the next: how many there are, what they add up to, and which they are.
 *
 * C1. What cannot be looked at did not survive: a path that leads nowhere, an id that is none, a number that is none.
 * C2. Whoever is missing is named.
 */
import { messageOf } from '../errors.ts'
import type { Conservation, KeptPath } from '../task/index.ts'
import { foundAt } from './paths.ts'

export interface Losses {
  /** A sentence each. */
  readonly said: readonly string[]
  /** The ids that are missing. */
  readonly lost: readonly (string | number)[]
}

type Id = string | number
type Kept = { readonly from: string; readonly to: string }

const SHOWN = 20

/** What of `asked.from` is not in `value` as it has to be. */
export function lossesOf(asked: Conservation, value: unknown): Losses {
  const said: string[] = []
  const lost: Id[] = []
  const looked = (look: () => string | undefined) => {
    try {
      const loss = look()
      if (loss !== undefined) said.push(loss)
    } catch (error) {
      said.push(messageOf(error))
    }
  }
  const { from, mayGrow = false } = asked
  for (const kept of listOf(asked.count)) looked(() => countLoss(kept, from, value, mayGrow))
  for (const kept of listOf(asked.sum)) looked(() => sumLoss(kept, from, value, asked))
  for (const kept of listOf(asked.ids))
    looked(() => {
      const { missing, more } = idsLoss(kept, from, value, asked.except ?? [])
      lost.push(...missing)
      const grown = more.length > 0 && !mayGrow
      if (missing.length === 0 && !grown) return undefined
      const parts = [
        ...(missing.length > 0 ? [`missing: ${shown(missing)}`] : []),
        ...(grown ? [`not there before: ${shown(more)}`] : []),
      ]
      return `${nameOf(kept)}: ${parts.join('; ')}`
    })
  if (asked.count === undefined && asked.sum === undefined && asked.ids === undefined)
    said.push('nothing is named that has to survive; give count, sum or ids')
  return { said, lost }
}

function listOf(asked: Conservation['count']): readonly Kept[] {
  if (asked === undefined) return []
  const each: readonly (KeptPath | true)[] = Array.isArray(asked)
    ? (asked as readonly KeptPath[])
    : [asked as KeptPath | true] // a list, or one
  return each.map((one) =>
    one === true ? { from: '', to: '' } : typeof one === 'string' ? { from: one, to: one } : one,
  )
}

const nameOf = ({ from, to }: Kept): string =>
  from === to ? from || 'the value' : `${from || 'the value'} → ${to || 'the value'}`

const shown = (ids: readonly Id[]): string =>
  `${ids
    .slice(0, SHOWN)
    .map((id) => JSON.stringify(id))
    .join(', ')}${ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''}`

/** @throws when the path leads nowhere */
function leaves(value: unknown, path: string, when: 'before' | 'after'): readonly unknown[] {
  const found = foundAt(value, path)
  if (found.missing.length > 0)
    throw new Error(
      `there is no "${found.missing[0]}" in the value ${when}${found.missing.length > 1 ? ` (nor ${found.missing.length - 1} others)` : ''}`,
    )
  return found.leaves
}

function countLoss(kept: Kept, from: unknown, value: unknown, mayGrow: boolean): string | undefined {
  const before = leaves(from, kept.from, 'before').length
  const after = leaves(value, kept.to, 'after').length
  if (after === before || (mayGrow && after > before)) return undefined
  return `${nameOf(kept)}: there were ${before}, and there are ${after}`
}

function sumLoss(
  kept: Kept,
  from: unknown,
  value: unknown,
  { within = 0, mayGrow = false }: Conservation,
): string | undefined {
  const before = sumOf(leaves(from, kept.from, 'before'), kept.from)
  const after = sumOf(leaves(value, kept.to, 'after'), kept.to)
  // Adding floating-point numbers in another order gives another sum.
  const rounding = 1e-12 * (before.size + after.size)
  const isKept = Math.abs(after.sum - before.sum) <= within + rounding
  if (isKept || (mayGrow && after.sum > before.sum)) return undefined
  return `${nameOf(kept)}: it was ${before.sum} in all, and is ${after.sum}`
}

function sumOf(all: readonly unknown[], path: string): { readonly sum: number; readonly size: number } {
  let [sum, size] = [0, 0]
  for (const one of all) {
    const number = typeof one === 'bigint' ? Number(one) : one
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new Error(`"${path}" is to be added up, and one of them is no number`)
    sum += number
    size += Math.abs(number)
  }
  return { sum, size }
}

/** The ids on each side only, as often as they are there. */
function idsLoss(kept: Kept, from: unknown, value: unknown, except: readonly Id[]) {
  const left = new Map<string, Id[]>()
  for (const id of idsOf(leaves(from, kept.from, 'before'), kept.from)) {
    const same = left.get(String(id)) ?? []
    left.set(String(id), [...same, id])
  }
  const more: Id[] = []
  for (const id of idsOf(leaves(value, kept.to, 'after'), kept.to))
    if (left.get(String(id))?.pop() === undefined) more.push(id)
  const onPurpose = new Set(except.map(String))
  const missing = [...left.values()].flat().filter((id) => !onPurpose.has(String(id)))
  return { missing, more }
}

function idsOf(all: readonly unknown[], path: string): readonly Id[] {
  return all.map((id) => {
    if (typeof id === 'string' || typeof id === 'number') return id
    if (typeof id === 'bigint') return String(id)
    throw new Error(`"${path}" is to tell them apart, and one of them is neither text nor a number`)
  })
}
