/** What a run asked of models and tools, for people: each call in a line, and what all of them came to. */
import { modelEvents as of, read, type StoredEvent } from '../app/index.ts'
import type { EventLine } from './glyphs.ts'
import { shortened } from './json.ts'
import { lengthText } from './moment.ts'

/** What the operations of a run are told of a call. */
interface Told {
  readonly state: 'done' | 'failed' | 'begun' | 'retrying'
  readonly attempts?: number
  readonly error?: string
  readonly due?: number
  readonly ms?: number
  readonly note?: string
  readonly isOver: boolean
}

/** The name people know: of a model call its model, of a tool call its tool. */
export function titleOfCall(kind: string, name: string): string {
  const words = name.split(' ')
  return kind === 'model' ? words.slice(1).join(' ') || name : (words[0] ?? name)
}

const tokens = ({ input = 0, output = 0 }: { readonly input?: number; readonly output?: number }): string =>
  `${input.toLocaleString('en')} → ${output.toLocaleString('en')} tokens`

export const dollars = (usd: number): string =>
  `$${usd < 0.01 ? usd.toFixed(6).replace(/0{1,3}$/, '') : usd.toFixed(4)}`

/** What an event says of a call; undefined for events of anything else. */
export function toldOf(event: StoredEvent): Told | undefined {
  switch (event.kind) {
    case of.modelAsked.name:
      return { state: 'begun', attempts: read(of.modelAsked, event).n, isOver: false }
    case of.modelAttempted.name:
    case of.toolAttempted.name: {
      const { n, e, mode, retryAt } = read(of.modelAttempted, event)
      const error = `${mode.replaceAll('_', ' ')}: ${e.message}`
      return {
        state: 'retrying',
        attempts: n,
        error,
        ...(retryAt === undefined ? {} : { due: retryAt }),
        isOver: false,
      }
    }
    case of.modelAnswered.name: {
      const { usage, costUsd, finish, n, ms, mode } = read(of.modelAnswered, event)
      const note = [
        tokens(usage),
        costUsd === undefined ? 'price unknown' : dollars(costUsd),
        ...(finish.unified === 'stop' || finish.unified === 'tool-calls' ? [] : [finish.unified]),
        ...(mode === undefined ? [] : [mode.replaceAll('_', ' ')]),
      ].join(', ')
      return { state: 'done', attempts: n, ms, note, isOver: true }
    }
    case of.modelFailed.name:
    case of.toolFailed.name: {
      const { n, e, mode } = read(of.modelFailed, event)
      return {
        state: 'failed',
        attempts: n,
        error: `${mode.replaceAll('_', ' ')}: ${e.message}`,
        isOver: true,
      }
    }
    case of.toolCalled.name:
      return { state: 'begun', attempts: read(of.toolCalled, event).n, isOver: false }
    case of.toolReturned.name: {
      const { n = 1, ms = 0 } = read(of.toolReturned, event)
      return { state: 'done', attempts: n, ms, isOver: true }
    }
    default:
      return undefined
  }
}

/** The same in a line, for those who follow a run; undefined where a line would say nothing new. */
export function callLine(event: StoredEvent): EventLine | undefined {
  const told = toldOf(event)
  if (!told) return undefined
  const kind = event.kind.slice(0, event.kind.indexOf('.'))
  const path = (event.name ?? '').split(' › ')
  const title = [...path.slice(0, -1), titleOfCall(kind, path.at(-1) ?? '')].join(' › ')
  const attempts = (told.attempts ?? 1) > 1 ? `  ${told.attempts} attempts` : ''
  switch (told.state) {
    case 'done':
      return {
        glyph: '✓',
        tone: 'good',
        text: `${title}${attempts}${told.note === undefined ? '' : `  ${told.note}`}`,
        ms: told.ms,
      }
    case 'failed':
      return { glyph: '✗', tone: 'bad', text: `${title}${attempts}  ${shortened(told.error ?? '', 200)}` }
    case 'retrying': {
      const pause = told.due === undefined ? '' : `, again in ${lengthText(told.due - event.at)}`
      return {
        glyph: '↻',
        tone: 'warn',
        text: `${title}  attempt ${told.attempts ?? 1} failed${pause}: ${shortened(told.error ?? '', 160)}`,
      }
    }
    case 'begun':
      return {
        glyph: '▸',
        tone: 'live',
        text: `${title}${(told.attempts ?? 1) > 1 ? `  attempt ${told.attempts}` : ''}`,
      }
  }
}

/** What was asked of a model and came back, as an answer or not. */
const SPENDING: ReadonlySet<string> = new Set([
  of.modelAnswered.name,
  of.modelAttempted.name,
  of.modelFailed.name,
])

/** All that a run asked of models, in a line; undefined if it asked nothing. */
export function spentText(recorded: readonly StoredEvent[]): string | undefined {
  let calls = 0
  let input = 0
  let output = 0
  let costUsd = 0
  let unpriced = 0
  for (const event of recorded) {
    if (!SPENDING.has(event.kind)) continue
    const { usage, costUsd: cost } = read(of.modelAttempted, event) // all three say so alike
    calls++
    input += usage?.input ?? 0
    output += usage?.output ?? 0
    costUsd += cost ?? 0
    if (cost === undefined) unpriced++
  }
  if (calls === 0) return undefined
  const price =
    unpriced === calls
      ? 'price unknown'
      : `${dollars(costUsd)}${unpriced > 0 ? ` and ${unpriced} of unknown price` : ''}`
  return `${calls} ${calls === 1 ? 'call' : 'calls'}, ${tokens({ input, output })}, ${price}`
}
