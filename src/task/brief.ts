/** What a run is handed of the work before it, and how it hands its own on. */
import type { Duration } from './duration.ts'
import type { Task } from './define.ts'

/** A brief in words: see `tl.brief`. */
export interface BriefText {
  readonly id: string
  /** SHA-256 of the Markdown: what an acknowledgement is bound to. */
  readonly digest: string
  /** The run or thread it is about. */
  readonly subject: string
  readonly sections: readonly {
    readonly name: string
    readonly title: string
    readonly lines: readonly {
      readonly text: string
      readonly item?: { readonly id: string; readonly version: number }
      /** Where it stands in the record. */
      readonly event?: { readonly stream: string; readonly seq: number }
    }[]
  }[]
  /** The items of memory it names. */
  readonly items: readonly { readonly id: string; readonly version: number }[]
  /** How many lines of which section were left out for size. */
  readonly omitted: readonly { readonly section: string; readonly count: number }[]
  readonly tokens: number
  readonly tokenizer: string
  readonly markdown: string
}

/** What a run was handed: the brief it was started from, or its caller's. */
export interface HandedBrief {
  /** The run or thread it is about. */
  readonly subject: string
  /** Whether nothing may be done before it is acknowledged. A child may act at once. */
  readonly mustRead: boolean
  /** As it is at this moment. Recorded by what it names, so that a replay is given the same words. @throws {BriefTooLarge} */
  read(options?: { /** In tokens; 8,000 unless told. */ readonly budget?: number }): Promise<BriefText>
  /** Says that what was read last is understood, and takes over what was handed to this run. @throws {BriefStale} if things moved on: read it again */
  acknowledge(options?: { readonly questions?: readonly string[] }): Promise<void>
}

export interface HandoffOptions<I = unknown> {
  /** A person, an agent or a role, by the name it acknowledges with; or a task, of which a run is started. */
  readonly to: string | Task<I, unknown>
  /** Of the run that is started. */
  readonly input?: I
  readonly reason: string
  /** What the record does not say. */
  readonly note?: string
  /** How long it waits; for ever unless told. */
  readonly timeout?: Duration
}

/** Who took it over, with which brief. */
export interface TakenOver {
  readonly by: string
  readonly brief: string
}
