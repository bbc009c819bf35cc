/** What can be wrong with a message, a window, or the size of both. */
import { messageOf, ThroughlineError } from '../../errors.ts'

/** No message of the AI SDK, or one that cannot stand where it is put. */
export class BadMessage extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_message', { message, data })
  }
}

/** A window, or a way to make it smaller, that cannot be. */
export class BadWindow extends ThroughlineError {
  constructor(option: string, message: string) {
    super('bad_window', { message: `${option}: ${message}`, data: { option } })
  }
}

/** The window is larger than it may be, and could not be made smaller. */
export class ContextOverflow extends ThroughlineError {
  constructor(about: {
    readonly strategy: string
    readonly before: number
    readonly after: number
    readonly limit: number | undefined
    readonly bound?: number | undefined
    readonly cause?: unknown
  }) {
    const { strategy, before, after, limit, bound, cause } = about
    const most = limit === undefined ? '' : `; ${limit} are allowed`
    const came =
      cause === undefined
        ? `would have ${after} after ${strategy}${most}`
        : `${strategy} failed (${messageOf(cause)})${most}`
    const rest =
      bound === undefined
        ? ''
        : ` ${bound} are bound: pins, system messages, open questions and calls, the newest messages, live decisions.`
    super('context_overflow', {
      message: `The context window has about ${before} tokens, and ${came}.${rest} Pin less, allow more, declare another compaction, or split the work.`,
      data: { mode: 'context_overflow', strategy, before, after, limit, bound },
      cause,
    })
  }
}
