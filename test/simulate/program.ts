/** Random task programs as data, and what each must give: computed from the data alone, without the engine. */
import type { Random } from '../random.ts'

export type Program = readonly Operation[]

export type Operation =
  | { readonly op: 'step'; readonly id: string; readonly failures: number }
  | { readonly op: 'fails'; readonly id: string }
  | { readonly op: 'once'; readonly id: string; readonly reconciles: boolean; readonly throws: boolean }
  | { readonly op: 'undoable'; readonly id: string }
  | { readonly op: 'sleep'; readonly id: string; readonly ms: number }
  | { readonly op: 'wait'; readonly id: string }
  | { readonly op: 'nobody'; readonly id: string; readonly ms: number }
  | { readonly op: 'plain'; readonly id: string; readonly turns: number }
  | { readonly op: 'repeat'; readonly id: string; readonly times: number }
  | { readonly op: 'map' | 'all' | 'side'; readonly id: string; readonly branches: readonly Program[] }
  | { readonly op: 'race'; readonly id: string; readonly fast: Program; readonly slow: Program }
  | { readonly op: 'call' | 'spawn'; readonly id: string; readonly body: Program }

export interface Scenario {
  readonly chapters: readonly Program[]
  /** The body throws at its end: what was done is undone. */
  readonly endsBadly: boolean
}

/** At most about thirty operations, three levels deep. */
export function scenario(random: Random): Scenario {
  let ids = 0
  const program = (length: number, depth: number): Program => Array.from({ length }, () => operation(depth))
  const operation = (depth: number): Operation => {
    const id = `o${++ids}`
    const kind = random.pick([
      'step',
      'step',
      'step',
      'fails',
      'once',
      'once',
      'undoable',
      'sleep',
      'wait',
      'wait',
      'nobody',
      'plain',
      'repeat',
      ...NESTED,
    ])
    const inner = () => program(random.between(1, 3), depth + 1)
    switch (depth < 2 ? kind : random.pick(['step', 'once', 'wait', 'sleep', 'plain'])) {
      case 'fails':
        return { op: 'fails', id }
      case 'once':
        return { op: 'once', id, reconciles: random.chance(0.5), throws: random.chance(0.2) }
      case 'undoable':
        return { op: 'undoable', id }
      case 'sleep':
        return { op: 'sleep', id, ms: random.between(1, 5_000_000) }
      case 'wait':
        return { op: 'wait', id }
      case 'nobody':
        return { op: 'nobody', id, ms: random.between(1, 5_000_000) }
      case 'plain':
        return { op: 'plain', id, turns: random.between(1, 6) }
      case 'repeat':
        return { op: 'repeat', id, times: random.between(2, 4) }
      case 'map':
      case 'all':
      case 'side':
        return {
          op: random.pick(['map', 'all', 'side']),
          id,
          branches: Array.from({ length: random.between(1, 4) }, inner),
        }
      case 'race':
        return { op: 'race', id, fast: inner(), slow: inner() }
      case 'call':
        return { op: random.pick(['call', 'call', 'spawn']), id, body: inner() }
      default:
        return { op: 'step', id, failures: random.chance(0.2) ? random.between(1, 2) : 0 }
    }
  }
  const chapters = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => program(random.between(1, 5), 0))
  return { chapters, endsBadly: random.chance(0.15) }
}

const NESTED = ['map', 'all', 'side', 'race', 'race', 'call'] as const

/** What the operations give, whoever crashed and whenever. A race gives its own name: either branch may win. */
export function expected(program: Program): unknown[] {
  return program.map((operation) => {
    switch (operation.op) {
      case 'map':
      case 'all':
      case 'side':
        return operation.branches.map(expected)
      case 'call':
        return expected(operation.body)
      case 'wait':
        return `message ${operation.id}`
      case 'repeat':
        return Array.from({ length: operation.times }, (_, i) => `${operation.id} ${i}`)
      default:
        return operation.id
    }
  })
}

/** The messages the program waits for; those in the slow branch of a race may never be taken. */
export function messages(program: Program): string[] {
  return program.flatMap((operation) => {
    if (operation.op === 'wait') return [operation.id]
    if ('branches' in operation) return operation.branches.flatMap(messages)
    if (operation.op === 'race') return [...messages(operation.fast), ...messages(operation.slow)]
    return [] // a child's messages go to the child
  })
}
