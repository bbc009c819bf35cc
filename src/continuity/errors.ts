/** What can be wrong with a thread, a plan or a brief, or with what is asked of one. */
import { ThroughlineError } from '../errors.ts'

/** A thread that cannot be kept as it is. */
export class BadThread extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_thread', { message: `${field}: ${message}`, data: { field } })
  }
}

/** There is no thread of that id. */
export class ThreadNotFound extends ThroughlineError {
  constructor(id: string) {
    super('thread_not_found', {
      message: `There is no thread "${id}" in this store. List them with throughline threads list, or tl.threads.list().`,
      data: { thread: id },
    })
  }
}

/** Somebody else was quicker. */
export class ThreadChanged extends ThroughlineError {
  constructor(id: string, read: number, now: { readonly version: number; readonly author: string }) {
    super('thread_changed', {
      message: `Thread ${id} was read in version ${read}; ${now.author} has made version ${now.version} of it since. Read it again and decide anew.`,
      data: { thread: id, read, version: now.version, author: now.author },
    })
  }
}

/** It is done: nothing is put into it any more. */
export class ThreadOver extends ThroughlineError {
  constructor(id: string) {
    super('thread_over', {
      message: `Thread ${id} is done. Open another one for what is left: throughline threads open '<goal>', or tl.threads.open({ goal }).`,
      data: { thread: id },
    })
  }
}

/** A plan that cannot be followed, or a step that is not in it. */
export class BadPlan extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_plan', { message, data })
  }
}

/** A brief, or an acknowledgement, that cannot be asked for as it is. */
export class BadBrief extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_brief', { message: `${field}: ${message}`, data: { field } })
  }
}

/** What may not be left out does not fit. */
export class BriefTooLarge extends ThroughlineError {
  constructor(subject: string, budget: number, needed: number) {
    super('brief_too_large', {
      message: `What a brief of ${subject} may not leave out (decisions, constraints, effects in doubt) takes ${needed} tokens; the budget is ${budget}. Give a budget of ${needed} or more, or withdraw what no longer holds.`,
      data: { subject, budget, needed },
    })
  }
}

/** A handing over that cannot be offered as it is. */
export class BadHandoff extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_handoff', { message: `${field}: ${message}`, data: { field } })
  }
}

/** Somebody else was quicker, or it is not offered any more. */
export class HandoffTaken extends ThroughlineError {
  constructor(run: string, by: string | undefined) {
    super('handoff_taken', {
      message:
        by === undefined
          ? `${run} does not wait to be taken over.`
          : `${run} has been taken over by ${by} already.`,
      data: { run, ...(by === undefined ? {} : { by }) },
    })
  }
}

/** No brief of that id and digest was made here. */
export class BriefUnknown extends ThroughlineError {
  constructor(brief: string, reason: string) {
    super('brief_unknown', {
      message: `Brief ${brief} cannot be acknowledged: ${reason}. Ask for a brief (throughline brief <run|thread>, or tl.brief(id)) and acknowledge what it says.`,
      data: { brief },
    })
  }
}

/** Things have moved on since it was made. */
export class BriefStale extends ThroughlineError {
  constructor(brief: string, subject: string, changes: readonly string[]) {
    const shown = changes.slice(0, 5).map((change) => `\n- ${change}`)
    const more = changes.length > 5 ? `\n- and ${changes.length - 5} more` : ''
    super('brief_stale', {
      message: `Brief ${brief} no longer says how ${subject} stands. Ask for a new one (throughline brief ${subject}) and acknowledge that.${shown.length > 0 ? ` Since it was made:${shown.join('')}${more}` : ''}`,
      data: { brief, subject, changes },
    })
  }
}
