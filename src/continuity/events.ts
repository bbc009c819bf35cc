/** What continuity puts on the record: every version of a thread, whole; what a brief was made of, and who acknowledged it. */
import { kind } from '../log/index.ts'
import type { Thread } from './thread.ts'

/** What is undefined is left out. */
export const threadRecorded = kind<{ readonly thread: Partial<Thread> & ThreadKey }>('thread.recorded')

export interface ThreadKey {
  readonly id: string
  readonly version: number
  readonly goal: string
}

/** How far streams were read: what lies after is news. Positions would mean nothing in another store. */
export type Vector = Readonly<Record<string, number>>

/** A brief by what it was made of, not by copy: erasing an item must not have to look for it in briefs. */
export interface BriefMade {
  readonly brief: string
  /** The run or thread it is about. */
  readonly subject: string
  readonly digest: string
  readonly options: BriefSettings
  readonly tokens: number
  readonly tokenizer: string
  readonly items: readonly (readonly [id: string, version: number])[]
  readonly vector: Vector
}

/** What a brief depends on besides the record. */
export interface BriefSettings {
  readonly budget: number
  readonly reader?: string
  /** After what something is news: a time, or what was known. */
  readonly since?: { readonly at: number } | { readonly vector: Vector; readonly brief: string }
}

export const briefMade = kind<BriefMade>('brief.made')
export const briefAcknowledged = kind<{
  readonly brief: string
  readonly subject: string
  readonly digest: string
  readonly reader: string
  readonly questions?: readonly string[]
  readonly vector: Vector
}>('brief.acknowledged')

/** A run waits to be taken over: by whom, why, and for which message. */
export const handoffOffered = kind<{
  readonly handoff: string
  readonly run: string
  readonly to: string
  readonly reason: string
  readonly note?: string
  /** The name of the message it waits for. */
  readonly wait: string
}>('handoff.offered')
export const handoffTaken = kind<{
  readonly handoff: string
  readonly by: string
  readonly brief: string
  readonly digest: string
}>('handoff.taken')
/** Nobody took it in time. */
export const handoffWithdrawn = kind<{ readonly handoff: string }>('handoff.withdrawn')

// They end in a slash, as no stream of a run does.
export const threadStream = (id: string): string => `thread:${id}/`
export const briefStream = (subject: string): string => `brief:${subject}/`
