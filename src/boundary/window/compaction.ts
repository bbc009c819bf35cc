/**
 * Making a window smaller: what may go is chosen here, what was chosen is applied from the record.
 *
 * C1. System messages, pins, open questions, open tool calls, the last message of the user and the last group are never handed to a
 *     strategy; nor is the head, which says what live memory holds.
 * C2. Every link takes the lowest priority first, then the oldest, and stops when half of the room that is not bound is free: a window
 *     that was filled to the brim would be made smaller again with every message.
 * C3. Pure but for the summary, which is asked of its model in an operation of its own.
 */
import type { CompactionLink, DroppedAs } from '../../task/index.ts'
import type { Entry, Group } from './entries.ts'
import { measured, measuredOutput } from './measure.ts'
import { emptied, outputOf, partsOf, type Message, type Part } from './message.ts'

/** What is to become of messages, by id. */
export type Fates = Map<string, DroppedAs>

/** What a compaction is made on: the window as it was when it began. */
export interface Ground {
  readonly entries: readonly Entry[]
  /** By our table: with the head. */
  readonly sum: number
  readonly isTooMuch: (sum: number) => boolean
}

/** What a result must be larger than: what is said in its place takes some twenty tokens itself. */
const LARGE = 50

export class Draft {
  readonly fates: Fates = new Map()
  readonly #ground: Ground
  readonly #free: readonly Group[]
  #sum: number

  constructor(ground: Ground) {
    this.#ground = ground
    this.#sum = ground.sum
    this.#free = freeOf(ground.entries)
  }

  get sum(): number {
    return this.#sum
  }

  /** What cannot go, by our table. */
  get bound(): number {
    const free = this.#free.reduce((sum, group) => sum + sizeOf(group), 0)
    return this.#ground.sum - free
  }

  get isDone(): boolean {
    return !this.#ground.isTooMuch(this.#sum)
  }

  dropToolBodies({ last }: Extract<CompactionLink, { name: 'dropToolBodies' }>): void {
    const withResults = groupsOf(this.#ground.entries).filter(({ entries }) =>
      entries.some(({ shown }) => hasResult(shown)),
    )
    const newest = new Set(last === 0 ? [] : withResults.slice(-last))
    for (const group of this.#inOrder(this.#left().filter((one) => !newest.has(one)))) {
      if (this.isDone) return
      for (const entry of group.entries) {
        const without = withoutBodies(entry)
        if (without === entry.shown || this.fates.has(entry.id)) continue
        this.fates.set(entry.id, 'emptied')
        this.#sum += measured(without) - measured(entry.shown)
      }
    }
  }

  window({ last }: Extract<CompactionLink, { name: 'window' }>): void {
    for (const group of this.#inOrder(this.#older(last))) {
      if (this.isDone) return
      this.#take(group, 'dropped')
    }
  }

  /** What a summary would be made of; `room` is what it takes itself. */
  toSummarise({ last }: Extract<CompactionLink, { name: 'summarise' }>, room: number): readonly Entry[] {
    const chosen: Group[] = []
    let sum = this.#sum + room
    for (const group of this.#inOrder(this.#older(last))) {
      if (!this.#ground.isTooMuch(sum)) break
      chosen.push(group)
      sum -= this.#sizeNow(group)
    }
    return chosen.flatMap(({ entries }) => entries).toSorted((a, b) => a.place - b.place)
  }

  /** They are in a summary now, which made the head larger by so much. */
  summarised(entries: readonly Entry[], more: number): void {
    for (const group of new Set(entries.map((entry) => entry.group))) this.#take(group, 'summarised')
    this.#sum += more
  }

  #take(group: Group, as: DroppedAs): void {
    this.#sum -= this.#sizeNow(group)
    for (const { id } of group.entries) this.fates.set(id, as)
  }

  #sizeNow({ entries }: Group): number {
    return entries.reduce((sum, entry) => {
      const as = this.fates.get(entry.id)
      if (as === 'dropped' || as === 'summarised') return sum
      return sum + measured(as === 'emptied' ? withoutBodies(entry) : entry.shown)
    }, 0)
  }

  /** In the order of the window. */
  #left(): Group[] {
    return this.#free.filter(({ entries }) =>
      entries.every(({ id }) => !['dropped', 'summarised'].includes(this.fates.get(id) ?? '')),
    )
  }

  /** Those of which no message is among the last so many. */
  #older(last: number): Group[] {
    const spoken = this.#ground.entries.filter(({ shown }) => shown.role !== 'system')
    const from = spoken.at(-last)?.place ?? 0
    return this.#left().filter(({ entries }) => last === 0 || (entries.at(-1)?.place ?? 0) < from)
  }

  #inOrder(groups: readonly Group[]): Group[] {
    return groups.toSorted((a, b) => priorityOf(a) - priorityOf(b) || placeOf(a) - placeOf(b))
  }
}

/** In the order in which they begin. */
const groupsOf = (entries: readonly Entry[]): readonly Group[] => [
  ...new Set(entries.map(({ group }) => group)),
]

/** What may go. */
function freeOf(entries: readonly Entry[]): readonly Group[] {
  const lastOfUser = entries.findLast(({ shown }) => shown.role === 'user')?.group
  const newest = entries.at(-1)?.group
  return groupsOf(entries).filter(
    (group) =>
      group !== lastOfUser &&
      group !== newest &&
      group.open === 0 &&
      !group.entries.some(
        ({ isPinned, isQuestion, shown }) => isPinned || isQuestion || shown.role === 'system',
      ),
  )
}

const sizeOf = ({ entries }: Group): number => entries.reduce((sum, { shown }) => sum + measured(shown), 0)
const priorityOf = ({ entries }: Group): number => Math.max(...entries.map(({ priority }) => priority))
const placeOf = ({ entries }: Group): number => entries[0]?.place ?? 0
const hasResult = ({ role, content }: Message): boolean =>
  role === 'tool' && typeof content !== 'string' && content.some(({ type }) => type === 'tool-result')

/** The message without what its tools gave; itself, where that is not worth leaving out. */
export function withoutBodies({ id, shown }: Entry): Message {
  if (!hasResult(shown) || !partsOf(shown).some(isLarge)) return shown
  const says = (one: Part): string =>
    `[left out for size: ${measuredOutput(one)} tokens of ${String(one.toolName)}; message ${id}]`
  return emptied(shown, isLarge, says)
}

const isLarge = (part: Part): boolean =>
  part.type === 'tool-result' && outputOf(part)?.type !== 'execution-denied' && measuredOutput(part) > LARGE
