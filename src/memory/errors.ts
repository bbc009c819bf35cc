/** What can be wrong with an item of memory, or with what is asked of one. */
import { ThroughlineError } from '../errors.ts'
import type { Item } from '../task/index.ts'

/** An item that cannot be kept as it is. */
export class BadItem extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_item', { message: `${field}: ${message}`, data: { field } })
  }
}

/** There is no item of that id, or not in that version. */
export class ItemNotFound extends ThroughlineError {
  constructor(id: string) {
    super('item_not_found', {
      message: `There is no item "${id}" in this store's memory. List them with throughline memory list, or tl.memory.list().`,
      data: { item: id },
    })
  }
}

/** What is asked to be erased, or how, cannot be. */
export class BadErasure extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_erasure', { message: `${field}: ${message}`, data: { field } })
  }
}

/** Somebody else was quicker. */
export class ItemChanged extends ThroughlineError {
  constructor(id: string, read: number, now: { readonly version: number; readonly author: string }) {
    super('item_changed', {
      message: `Item ${id} was read in version ${read}; ${now.author} has made version ${now.version} of it since. Read it again and decide anew.`,
      data: { item: id, read, ...now },
    })
  }
}

/** What is to be imported into memory and cannot be, line by line. */
export class BadMemoryImport extends ThroughlineError {
  constructor(problems: readonly { readonly line: number; readonly reason: string }[]) {
    const shown = problems.slice(0, 20).map(({ line, reason }) => `  line ${line}: ${reason}`)
    const more = problems.length > 20 ? `\n  and ${problems.length - 20} more` : ''
    super('bad_memory_import', {
      message: `Nothing was imported:\n${shown.join('\n')}${more}\nMend what is named, and import it again.`,
      data: { problems: problems.slice(0, 100) },
    })
  }
}

/** A version that is here already, and says otherwise. */
export interface VersionConflict {
  readonly line: number
  readonly item: string
  readonly version: number
  /** Who wrote it, here and there. */
  readonly here: string
  readonly there: string
}

/** Two stores went on from the same item, each in its own way. */
export class ImportConflict extends ThroughlineError {
  constructor(conflicts: readonly VersionConflict[]) {
    const shown = conflicts.slice(0, 20).map(({ line, item, version, here, there }) => {
      return `  line ${line}: version ${version} of ${item} is by ${there}; here it is by ${here}, and says otherwise`
    })
    const more = conflicts.length > 20 ? `\n  and ${conflicts.length - 20} more` : ''
    super('import_conflict', {
      message: `Nothing was imported, for the two stores have gone different ways:\n${shown.join('\n')}${more}\nLook at both (throughline memory show), and record here what is to hold; leave those items out of the file.`,
      data: { conflicts: conflicts.slice(0, 100) },
    })
  }
}

/** It is over: nothing can be done to it any more. */
export class ItemOver extends ThroughlineError {
  constructor(id: string, status: string, by: string | undefined) {
    const successor = by === undefined ? '' : ` by ${by}`
    super('item_over', {
      message: `Item ${id} is ${status}${successor} already.${by === undefined ? ' Record a new one instead.' : ` Change ${by} instead.`}`,
      data: { item: id, status, by },
    })
  }
}

/** The thread that answers died twice over one question. */
export class RecallUnavailable extends ThroughlineError {
  constructor(cause: unknown) {
    super('recall_unavailable', {
      message:
        'The thread that serves recall died, and so did the one that took its place. Nothing is lost: the index is made from the record. Ask again; if it goes on, look at the memory this process may use.',
      retryable: true,
      cause,
    })
  }
}

/** A value goes against what was decided, and may not pass. */
export class DecisionConflict extends ThroughlineError {
  constructor(
    target: string,
    against: readonly { readonly item: Item; readonly where: readonly string[] }[],
  ) {
    const lines = against.map(({ item, where }) => {
      const at = where.length > 0 ? ` (${where.slice(0, 5).join(', ')})` : ''
      return `  ${item.id}: ${item.statement}${at}; because ${item.because ?? 'no reason was given'}`
    })
    const asks = against.every(({ item }) => item.rule?.effect === 'require_justification')
    super('decision_conflict', {
      message: `What was to pass "${target}" goes against ${against.length === 1 ? 'a live decision' : `${against.length} live decisions`}:\n${lines.join('\n')}\n${
        asks
          ? 'Change the value, or pass it with a reason: checkpoint(name, value, { because: { [id]: … } }).'
          : 'Change the value, or supersede the decision with a reason.'
      }`,
      data: {
        target,
        decisions: against.map(({ item, where }) => ({
          item: item.id,
          version: item.version,
          subject: item.subject,
          statement: item.statement,
          because: item.because,
          alternatives: item.alternatives,
          rule: item.rule,
          where,
        })),
      },
    })
  }
}
