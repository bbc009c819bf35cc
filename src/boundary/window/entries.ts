/**
 * What is in a window, in order, and what belongs together.
 *
 * W1. A tool's call and its result, a request for approval and its answer are one group: a group stays or goes whole.
 * W2. A result belongs to the last open call of its id: providers use ids such as `call_0` in every turn.
 * W3. The sum is kept as messages come and go; no message is looked at twice.
 */
import { BadMessage } from './errors.ts'
import { measured } from './measure.ts'
import { asMessage, partsOf, type Message, type Part } from './message.ts'

export interface Group {
  readonly entries: Entry[]
  /** Calls and requests without their answers. */
  open: number
  /** Where it went when it was found to belong to another. */
  joined: Group | undefined
}

export interface Entry {
  readonly id: string
  readonly message: Message
  /** What is shown in its place: without tool bodies. */
  shown: Message
  readonly place: number
  readonly priority: number
  readonly isPinned: boolean
  /** Kept until it is resolved. */
  isQuestion: boolean
  isOut: boolean
  group: Group
}

interface Adding {
  readonly priority: number
  readonly isPinned: boolean
  readonly isQuestion: boolean
  readonly id: string | undefined
}

export class Entries {
  readonly #all = new Map<string, Entry>()
  /** Those that are shown, in order. */
  #shown: Entry[] = []
  #sum = 0
  /** The last call, or request for approval, of each id. */
  readonly #asked = new Map<string, Asked>()

  /** All of them or none. @throws {BadMessage} */
  add(given: readonly unknown[], { id, ...about }: Adding): readonly Entry[] {
    const messages = given.map(asMessage)
    const ids = messages.map((_, i) => idOf(id, i, messages.length, this.#all.size + 1 + i))
    for (const one of ids)
      if (this.#all.has(one))
        throw new BadMessage(`There is a message "${one}" in this window; give each an id of its own.`, {
          id: one,
        })
    this.#checkAnswers(messages)
    return messages.map((message, i) => {
      const group: Group = { entries: [], open: 0, joined: undefined }
      const place = this.#all.size
      const entry: Entry = { id: ids[i] ?? '', message, shown: message, place, ...about, isOut: false, group }
      group.entries.push(entry)
      this.#link(entry)
      this.#all.set(entry.id, entry)
      this.#shown.push(entry)
      this.#sum += measured(message)
      return entry
    })
  }

  find(id: string): Entry | undefined {
    return this.#all.get(id)
  }

  get shown(): readonly Entry[] {
    return this.#shown
  }

  /** By our table. */
  get sum(): number {
    return this.#sum
  }

  leaveOut(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.isOut) continue
      entry.isOut = true
      this.#sum -= measured(entry.shown)
    }
    this.#shown = this.#shown.filter(({ isOut }) => !isOut)
  }

  show(entry: Entry, instead: Message): void {
    this.#sum += measured(instead) - measured(entry.shown)
    entry.shown = instead
  }

  /** A result without its call is refused by every provider: better here, where it says which. */
  #checkAnswers(messages: readonly Message[]): void {
    const coming = new Set<string>()
    for (const message of messages)
      for (const part of partsOf(message)) {
        const [asks, answers] = [askedBy(part), answeredBy(part)]
        if (asks !== undefined) coming.add(asks)
        if (answers === undefined || message.role !== 'tool' || part.providerExecuted === true) continue
        if (!coming.has(answers) && !isShown(this.#asked.get(answers)?.group))
          throw new BadMessage(
            `A tool message answers ${answers}, and nothing before it in this window asks that; add the assistant's message first.`,
            { toolCallId: part.toolCallId, approvalId: part.approvalId },
          )
      }
  }

  #link(entry: Entry): void {
    for (const part of partsOf(entry.message)) {
      const [asks, answers] = [askedBy(part), answeredBy(part)]
      if (asks !== undefined) {
        const isOpen = part.providerExecuted !== true
        this.#asked.set(asks, { group: entry.group, isOpen })
        if (isOpen) entry.group.open++
      }
      const asked = answers === undefined ? undefined : this.#asked.get(answers)
      if (asked && isShown(asked.group)) answer(asked, entry)
    }
  }
}

/** What waits for its answer. */
interface Asked {
  readonly group: Group
  isOpen: boolean
}

function askedBy({ type, toolCallId, approvalId }: Part): string | undefined {
  if (type === 'tool-call') return `call ${String(toolCallId)}`
  return type === 'tool-approval-request' ? `approval ${String(approvalId)}` : undefined
}

function answeredBy({ type, toolCallId, approvalId }: Part): string | undefined {
  if (type === 'tool-result') return `call ${String(toolCallId)}`
  return type === 'tool-approval-response' ? `approval ${String(approvalId)}` : undefined
}

const isShown = (group: Group | undefined): boolean =>
  group !== undefined && !rootOf(group).entries.some(({ isOut }) => isOut)

/** The two are one from now on. */
function answer(asked: Asked, { group: own }: Entry): void {
  const group = rootOf(asked.group)
  if (asked.isOpen) group.open--
  asked.isOpen = false
  if (group === own) return
  for (const one of own.entries) {
    one.group = group
    group.entries.push(one)
  }
  group.open += own.open
  own.joined = group
  group.entries.sort((a, b) => a.place - b.place)
}

function rootOf(group: Group): Group {
  let root = group
  while (root.joined) root = root.joined
  return root
}

function idOf(given: string | undefined, index: number, of: number, number: number): string {
  if (given === undefined) return `m${number}`
  return of === 1 ? given : `${given}/${index + 1}`
}
