/**
 * Time and chance that a body takes from its surroundings instead of from `ctx`: a replay cannot repeat them.
 *
 * While somebody watches, Date.now, Math.random and crypto.randomUUID are wrapped; a use counts when it happens in a body and not in
 * a step's function, where they are free. When nobody watches, they are what they were.
 */
import { places } from './place.ts'

export interface AmbientUse {
  readonly function: 'Date.now' | 'Math.random' | 'crypto.randomUUID'
  /** What to use instead. */
  readonly instead: string
  /** The run or replay whose body it was. */
  readonly owner: object
}

/** The AI SDK gives ids and times of its own to what it hands on; what comes of a model call is on the record all the same. */
const THE_SDK = /[\\/]node_modules[\\/](?:ai|@ai-sdk|cockatiel)[\\/]/
/** Of a stack, after its first line: this file's three, and the caller. */
const CALLER = 4

const watchers = new Set<(use: AmbientUse) => void>()
let restore: (() => void) | undefined

/** Calls `used` for every use in a body; returns what stops it. */
export function watchAmbient(used: (use: AmbientUse) => void): () => void {
  watchers.add(used)
  restore ??= wrap()
  return () => {
    watchers.delete(used)
    if (watchers.size > 0) return
    restore?.()
    restore = undefined
  }
}

function tell(use: Omit<AmbientUse, 'owner'>): void {
  const place = places.getStore()
  if (!place || place.isInStep || place.within) return
  if (THE_SDK.test(caller())) return
  for (const used of watchers) used({ ...use, owner: place.owner })
}

/** Of a body's use of chance or time. The SDK draws ids letter by letter: no more of the stack is written out than is read. */
function caller(): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = CALLER
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return stack.split('\n', CALLER + 1)[CALLER] ?? ''
}

function wrap(): () => void {
  const { now } = Date
  const { random } = Math
  const { crypto } = globalThis
  Date.now = () => {
    tell({ function: 'Date.now', instead: 'ctx.now()' })
    return now()
  }
  Math.random = () => {
    tell({ function: 'Math.random', instead: 'ctx.random()' })
    return random()
  }
  // An own property over the one of its class; taken away again, the class's shows.
  const uuid = crypto.randomUUID.bind(crypto)
  crypto.randomUUID = () => {
    tell({ function: 'crypto.randomUUID', instead: 'ctx.id()' })
    return uuid()
  }
  return () => {
    Date.now = now
    Math.random = random
    Reflect.deleteProperty(crypto, 'randomUUID')
  }
}
