/**
 * What is recorded of model and tool calls, on the stream of their run.
 *
 * Texts that an event brings are in its `texts`, by digest (texts.ts); everything packed names them.
 */
import type { Evidence, FailureMode } from '../recovery/index.ts'
import { kind } from '../log/index.ts'
import type { Brought, Packed } from './texts.ts'

/** In tokens; what the provider did not say is left out. `input` includes what was cached, `output` what was reasoned. */
export interface Usage {
  readonly input?: number
  readonly output?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
}

/** What was set aside for a call before it was made. */
export interface Reserved {
  readonly tokens: number
  readonly costUsd?: number
}

/** The intent: which conversation is to be answered, under which settings. */
export interface AskedBody {
  readonly model: string
  readonly n: number
  /** Of the conversation: the digest of its last message, of the message it goes on from, and what is new since. */
  readonly conversation: string
  readonly after?: string
  readonly said?: readonly (readonly [digest: string, message: Packed])[]
  readonly settings: string
  readonly texts?: Brought
  readonly isStreamed?: 1
  readonly reserve?: Reserved
  /** Of an embedding: how many values. */
  readonly values?: Packed
  /** Recorded under other settings than the code has now. */
  readonly drift?: readonly { readonly operation: string; readonly was: string; readonly is: string }[]
}

export interface AnsweredBody {
  readonly provider: string
  /** That answered, in the provider's words. */
  readonly model: string
  readonly id: string
  readonly at: number
  readonly content: readonly Packed[]
  readonly finish: { readonly unified: string; readonly raw?: string }
  readonly usage: Usage
  readonly costUsd?: number
  /** Of the table of prices. */
  readonly prices?: string
  readonly meta?: Packed
  readonly warnings?: Packed
  readonly texts?: Brought
  readonly ms: number
  /** Until the first of it arrived. */
  readonly firstMs?: number
  readonly n: number
  /** The answer is a failure all the same, of this mode. */
  readonly mode?: FailureMode
  /** Of an embedding: a vector for each value, as the base64 of its 64-bit floats, little end first. */
  readonly vectors?: readonly string[]
}

/** An error of the SDK, a provider or a tool, as far as it is recorded. */
export interface RecordedError {
  readonly name: string
  readonly message: string
  readonly status?: number
  readonly url?: string
  readonly data?: unknown
  readonly body?: string
  readonly code?: string
}

export interface FailedBody {
  readonly n: number
  readonly mode: FailureMode
  readonly isTransient?: boolean
  readonly retryAfterMs?: number
  readonly evidence: Evidence
  readonly e: RecordedError
  readonly usage?: Usage
  readonly costUsd?: number
  /** An answer that is no good: what there was of it. */
  readonly content?: readonly Packed[]
  readonly texts?: Brought
  readonly finish?: AnsweredBody['finish']
  readonly model?: string
  readonly ms?: number
  /** The body is told, and nobody else: something of the answer was shown to it, or it called the call off itself. */
  readonly isTold?: true
}

export const modelAsked = kind<AskedBody>('model.asked')
/** No part of an operation: settings, and texts that are worth being stored apart. */
export const modelSettings = kind<{
  readonly digest: string
  readonly packed: Packed
  readonly texts?: Brought
}>('model.settings')
export const modelText = kind<{ readonly texts: Brought }>('model.text')
/** It failed in a way that may pass, and is asked again. */
export const modelAttempted = kind<FailedBody & { readonly retryAt?: number }>('model.attempted')
/** What had arrived of a stream, for whoever reads the record after a crash. */
export const modelPartial = kind<{ readonly n: number; readonly texts: Brought }>('model.partial')
export const modelAnswered = kind<AnsweredBody>('model.answered')
export const modelFailed = kind<FailedBody & { readonly retried: number }>('model.failed')

export const toolCalled = kind<{
  readonly tool: string
  /** The provider's id of the call. */
  readonly call: string
  /** The model call that asked for it. */
  readonly by?: string
  readonly args: Packed
  readonly texts?: Brought
  readonly effect?: 'once'
  readonly n: number
}>('tool.called')
export const toolAttempted = kind<FailedBody & { readonly retryAt?: number }>('tool.attempted')
export const toolReturned = kind<{
  readonly v?: Packed
  readonly texts?: Brought
  readonly ms?: number
  readonly n?: number
  /** The value is told to the model, and no tool ran: refused, denied, or answered by a person. */
  readonly instead?: 'refused' | 'denied' | 'answered' | 'partial'
}>('tool.returned')
export const toolFailed = kind<FailedBody & { readonly retried: number }>('tool.failed')
