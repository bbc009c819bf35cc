/** What working memory is given and gives: the shapes of its items. */

export type ItemKind =
  | 'decision'
  | 'fact'
  | 'commitment'
  | 'question'
  | 'constraint'
  | 'preference'
  | 'assumption'
  | 'risk'

/** An item is live while it is active; proposed ones wait for somebody's word, the others are over. Of erased ones nothing else is left. */
export type ItemStatus =
  | 'proposed'
  | 'active'
  | 'superseded'
  | 'withdrawn'
  | 'fulfilled'
  | 'expired'
  | 'erased'

export type LinkType =
  | 'supersedes'
  | 'contradicts'
  | 'supports'
  | 'depends_on'
  | 'derived_from'
  | 'blocks'
  | 'answers'

/** To another item. */
export interface Link {
  readonly type: LinkType
  readonly to: string
}

/** What was not chosen. */
export interface Alternative {
  readonly option: string
  /** Why not. */
  readonly because?: string
  /** What would bring it back. */
  readonly reopenIf?: string
}

/** What an item rests on. */
export interface Evidence {
  readonly run?: string
  readonly step?: string
  /** Where in the run's output. */
  readonly path?: string
  /** Of a file or a result. */
  readonly hash?: string
  readonly quote?: string
  readonly url?: string
}

/** What a decision or a constraint demands of later work: a condition in CEL over `value`. */
export interface Rule {
  /** The checkpoint it binds, or the task whose output it binds; `*` stands for any part of a name. */
  readonly target: string
  /** What must not be: `value.vendors.exists(v, v.name == 'acme')`. */
  readonly forbid?: string
  /** What must be; either this or `forbid`. */
  readonly require?: string
  /** `deny` unless told. `require_justification`: it may be gone against with a reason, which is recorded. */
  readonly effect?: 'deny' | 'warn' | 'require_justification'
}

interface Common {
  /** What it is about: `vendor:acme`. */
  readonly subject: string
  /** Which property of the subject, where it has a value: two values of one live at once are a conflict. */
  readonly predicate?: string
  readonly value?: unknown
  readonly because?: string
  readonly alternatives?: readonly Alternative[]
  readonly evidence?: readonly Evidence[]
  readonly links?: readonly Link[]
  /** Enforced at every checkpoint it names while the item is live. Of decisions and constraints. */
  readonly rule?: Rule
  /** Where it holds: a path such as `acme/purchasing`; it holds below that, too. The run's own unless told. */
  readonly scope?: string
  readonly status?: 'proposed' | 'active'
  /** When it is true, which is not when it was written down. */
  readonly validFrom?: Date
  readonly validTo?: Date
  readonly dueAt?: Date
  readonly reviewAt?: Date
  /** From 0 to 1. */
  readonly confidence?: number
  readonly sensitivity?: 'public' | 'internal' | 'confidential' | 'personal'
  /** Whose item it replaces, if any; the version that was read of it, so that nobody's change is lost. */
  readonly supersedes?: string | { readonly id: string; readonly version: number }
}

/** A decision, as `ctx.decide` and `tl.memory.decide` take it. */
export interface DecideInput extends Common {
  readonly choice: unknown
  readonly because: string
  /** The choice in words, unless told. */
  readonly statement?: string
}

/** Anything else, as `ctx.remember` and `tl.memory.remember` take it. */
export interface RememberInput extends Common {
  readonly kind: Exclude<ItemKind, 'decision'>
  readonly statement: string
}

/** An entry of working memory, in one of its versions. */
export interface Item {
  readonly id: string
  /** From 1; each change is another. */
  readonly version: number
  readonly kind: ItemKind
  readonly status: ItemStatus
  readonly scope: string
  readonly subject: string
  readonly predicate: string | undefined
  readonly value: unknown
  readonly statement: string
  readonly because: string | undefined
  readonly alternatives: readonly Alternative[]
  readonly evidence: readonly Evidence[]
  readonly links: readonly Link[]
  readonly rule: Rule | undefined
  readonly validFrom: Date | undefined
  readonly validTo: Date | undefined
  readonly dueAt: Date | undefined
  readonly reviewAt: Date | undefined
  readonly confidence: number | undefined
  readonly sensitivity: 'public' | 'internal' | 'confidential' | 'personal'
  /** Who wrote this version: a person, or a run. */
  readonly author: string
  /** The run that wrote it. */
  readonly run: string | undefined
  /** Of a change: why, and what it was replaced by. */
  readonly change: { readonly because: string | undefined; readonly by: string | undefined } | undefined
}

/** What has just been put on the record. */
export interface Kept {
  readonly id: string
  readonly version: number
  /** Live items that say otherwise. */
  readonly conflicts: readonly string[]
  /** It says only what this item said already, and was told from it: nothing was recorded. */
  readonly isKnown?: true
}

/** What is looked for in memory. */
export interface RecallQuery {
  /** Words; what says them best comes first. Without any, the newest come first. */
  readonly query?: string
  readonly kinds?: readonly ItemKind[]
  readonly subject?: string
  /** What holds in this scope: its own and those above it. In a run: the run's unless told. */
  readonly scope?: string
  /** `active` unless told. */
  readonly status?: ItemStatus | readonly ItemStatus[]
  /** What was believed then. */
  readonly asOf?: Date
  /** 10 unless told, 200 at most; with a budget, as many as it holds. */
  readonly limit?: number
  /** How many tokens the texts of what is found may have together (o200k_base). Best first; what does not fit is passed over. */
  readonly budget?: number
}

/** An item that was found, and why. */
export interface Found {
  readonly item: Item
  /** Only good for comparing what one question found. */
  readonly score: number
  /**
   * The words that led to it, the field each stands in, and the word of the query it was taken for. Where it is near in meaning, `term`
   * is the query, and `near` says how near, from 0.25 to 1.
   */
  readonly why: readonly {
    readonly term: string
    readonly field: string
    readonly from?: string
    readonly near?: number
  }[]
  /** The item as a line for a prompt, with a tag by which it is known again: what carries it is not learned anew. */
  readonly text: string
}
