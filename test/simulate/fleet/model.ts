/** What a program comes to, worked out without the engine: by reading it. */
import { markOf, messageOf, placeOf, type Input, type Op, type Program } from './program.ts'

export interface Expected {
  readonly status: 'done' | 'failed' | 'held'
  readonly value: unknown
  /** The messages its waits take, by name, in order. */
  readonly messages: ReadonlyMap<string, readonly unknown[]>
}

class Failure extends Error {}
class Hold extends Error {}

type Messages = Map<string, unknown[]>

/** What one run comes to, all its chapters included. */
export function expected(program: Program, task: number, input: Input): Expected {
  const messages: Messages = new Map()
  const plan = program.tasks[task]
  let value: unknown
  try {
    for (let { chapter } = input; chapter <= (plan?.chapters ?? 1); chapter++)
      value = valuesOf(program, plan?.ops ?? [], placeOf({ ...input, chapter }), messages)
    return { status: 'done', value, messages }
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Hold)) throw error
    return { status: error instanceof Hold ? 'held' : 'failed', value: undefined, messages }
  }
}

function valuesOf(program: Program, ops: readonly Op[], where: string, messages: Messages): unknown[] {
  return ops.map((op) => valueOf(program, op, where, messages))
}

/** Flows side by side: all go on when one fails. */
function sideBySide(
  program: Program,
  flows: readonly (readonly Op[])[],
  mark: string,
  messages: Messages,
): unknown[][] {
  let failure: unknown
  const values = flows.map((ops, i) => {
    try {
      return valuesOf(program, ops, `${mark}/${i}`, messages)
    } catch (error) {
      failure ??= error
      return []
    }
  })
  if (failure instanceof Error) throw failure
  return values
}

function valueOf(program: Program, op: Op, where: string, messages: Messages): unknown {
  const mark = markOf(op, where)
  switch (op.kind) {
    case 'step':
      if (op.fails >= op.attempts) throw new Failure()
      return mark
    case 'sleep':
    case 'expire':
    case 'pause':
    case 'progress':
    case 'spawn':
    case 'keep':
    case 'hand':
    case 'agent':
      return op.kind
    case 'wait':
      return expect(messages, mark, op.count)
    case 'nudge':
      return expect(messages, mark, 1)
    case 'collect': {
      const odd = expect(messages, `${mark}:odd`, Math.ceil(op.count / 2))
      return [...odd, ...expect(messages, `${mark}:even`, Math.floor(op.count / 2))].sort()
    }
    case 'map':
      return sideBySide(program, op.items, mark, messages)
    case 'all':
      return sideBySide(program, op.branches, mark, messages)
    case 'bare':
      return sideBySide(program, op.parts, mark, messages)
    case 'contest':
      sideBySide(program, op.branches, mark, messages)
      return op.kind
    case 'loose':
      try {
        valuesOf(program, op.ops, `${mark}/0`, messages)
      } catch {
        // Nobody awaits it.
      }
      return op.kind
    case 'race': {
      const value = valuesOf(program, op.fast, `${mark}/fast`, messages)
      valuesOf(program, op.slow, `${mark}/slow`, messages)
      return value
    }
    case 'call': {
      const child = expected(program, op.task, { where: mark, chapter: 1 })
      if (child.status !== 'done') throw new Failure()
      return child.value
    }
    case 'try':
      try {
        return valuesOf(program, op.ops, mark, messages)
      } catch (error) {
        if (error instanceof Hold) throw error
        return 'caught'
      }
    case 'fail':
      throw new Failure()
    case 'hold':
      throw new Hold()
  }
}

function expect(messages: Messages, name: string, count: number): string[] {
  const payloads = Array.from({ length: count }, (_, i) => messageOf(name, i + 1))
  messages.set(name, payloads)
  return payloads
}
