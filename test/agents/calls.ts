/** The model and tool calls of runs, as their record has them: asked, answered, and at what each is booked. */
import type { Log, StoredEvent } from 'throughline'

/** One time that a model was asked. */
export interface Asked {
  readonly n: number
  readonly reserved: number
  /** Tokens, as the provider reported them; undefined where nothing was reported. */
  used: number | undefined
  /** Whether it came to something. */
  isOver: boolean
}

export interface ModelCall {
  readonly operation: string
  readonly asked: readonly Asked[]
  /** The id of the answer. */
  readonly id: string | undefined
  readonly hasFailed: boolean
  /** Something was recorded after its outcome. */
  readonly isDoubled: boolean
}

export interface Calls {
  readonly models: readonly ModelCall[]
  readonly inDoubt: number
  /** Operations of tools, with how many outcomes each has. */
  readonly tools: ReadonlyMap<string, number>
  readonly drifted: number
}

interface Open {
  asked: Asked[]
  id: string | undefined
  hasFailed: boolean
  isDoubled: boolean
}

interface Body {
  readonly n?: number
  readonly id?: string
  readonly reserve?: { readonly tokens?: number }
  readonly usage?: { readonly input?: number; readonly output?: number }
  readonly drift?: readonly unknown[]
}

export function callsIn(events: Iterable<StoredEvent>): Calls {
  const models = new Map<string, Open>()
  const tools = new Map<string, number>()
  let inDoubt = 0
  let drifted = 0
  for (const { kind, stream, name, ordinal, body } of events) {
    const operation = `${stream} ${name ?? ''}#${ordinal ?? 1}`
    if (kind === 'step.in_doubt') inDoubt++
    if (kind === 'tool.returned' || kind === 'tool.failed')
      tools.set(operation, (tools.get(operation) ?? 0) + 1)
    if (!kind.startsWith('model.') || name === undefined) continue
    const said = JSON.parse(body ?? '{}') as Body // as src/model/events.ts has them
    const call = models.get(operation) ?? { asked: [], id: undefined, hasFailed: false, isDoubled: false }
    models.set(operation, call)
    if (call.id !== undefined || call.hasFailed) call.isDoubled = true
    drifted += said.drift?.length ?? 0
    if (kind === 'model.asked')
      call.asked.push({ n: said.n ?? 0, reserved: said.reserve?.tokens ?? 0, used: undefined, isOver: false })
    if (kind !== 'model.answered' && kind !== 'model.failed' && kind !== 'model.attempted') continue
    const asked = call.asked.find(({ n }) => n === said.n)
    if (asked) {
      asked.isOver = true
      const { input, output } = said.usage ?? {}
      if (input !== undefined && output !== undefined) asked.used = input + output
    }
    if (kind === 'model.answered') call.id = said.id
    if (kind === 'model.failed') call.hasFailed = true
  }
  return {
    models: [...models].map(([operation, call]) => ({ operation, ...call })),
    inDoubt,
    tools,
    drifted,
  }
}

/** What a call is booked at: what was reported of each time it was asked, or what was set aside for it. */
export function booked({ asked }: ModelCall): number {
  return asked.reduce((sum, { used, reserved }) => sum + (used ?? reserved), 0)
}

/** Whether every time it was asked came to something, with what it used. */
export const isSettled = ({ asked }: ModelCall): boolean => asked.every(({ used }) => used !== undefined)

/** Everything on the record of a store. */
export async function eventsIn(log: Log): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (const { stream } of await log.heads({ limit: 10_000 }))
    for await (const page of log.read(stream)) events.push(...page)
  return events
}
