import { ThroughlineError } from '../../errors.ts'

/** One thing wrong with a condition: what, and where it begins in the text (counted from 0). */
export interface Problem {
  readonly at: number
  readonly message: string
}

/** A rule does not compile; every problem is listed with its place in the condition. */
export class RuleInvalid extends ThroughlineError {
  constructor(target: string, condition: string, problems: readonly Problem[]) {
    const lines = problems.map(({ at, message }) => `  ${placeIn(condition, at)}: ${message}`)
    super('rule_invalid', {
      message:
        `The rule for "${clipped(target, 0)}" was not taken: correct ${problems.length === 1 ? 'this' : `these ${problems.length}`} and record it again:\n` +
        lines.join('\n'),
      data: { target: clipped(target, 0), condition: condition.slice(0, 1000), problems },
    })
  }
}

/** Line (where there are several), column, and the text that stands there. */
function placeIn(condition: string, at: number): string {
  if (condition === '') return 'the rule'
  const before = condition.slice(0, at).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  const line = condition.includes('\n') ? `line ${before.length}, ` : ''
  return `${line}column ${column} (at ${JSON.stringify(clipped(condition, at))})`
}

function clipped(text: string, from: number): string {
  const rest = text.slice(from, from + 31)
  return rest.length > 30 ? `${rest.slice(0, 29)}…` : rest
}
