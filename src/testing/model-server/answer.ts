/** What a script says: an answer of the model, whole, in words of no wire. */
import type { Asked } from './asked.ts'
import type { FaultOptions } from './faults.ts'

/** Tokens, as bills count them: `input` includes what was cached, `output` what was thought. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
}

export interface AnswerCall {
  readonly name: string
  /** Sent as JSON; a string is sent as it is, so that it may be no JSON. */
  readonly args: unknown
  /** Unique unless told. */
  readonly id?: string
}

/** An answer. What is not given is made: usage by counting, a finish by what the answer holds. */
export interface Answer {
  readonly text?: string
  /** Thinking, shown before the text; on the Anthropic wire with a signature. */
  readonly reasoning?: string
  readonly toolCalls?: readonly AnswerCall[]
  /** A refusal as the wire has it: OpenAI's own field, Anthropic's stop reason. */
  readonly refusal?: string
  /** Sent as it is, instead of the one that fits: `length`, `pause_turn`. */
  readonly finish?: string
  /** Who answered, where that is not who was asked. */
  readonly model?: string
  readonly usage?: Partial<Usage>
  readonly pace?: Pace
}

/** How fast tokens come. */
export interface Pace {
  /** Before the first. */
  readonly firstMs?: number
  /** Between one piece of text and the next. */
  readonly betweenMs?: number
}

/** What a script may say to a request: an answer, its text, a fault, or nothing, and the default is given. */
export type Said = string | Answer | FaultOptions | undefined

/** Decides what is said. The same for the same request is what a test with crashes wants. */
export type Script = (asked: Asked) => Said | Promise<Said>

export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }

/** The arguments of a call as they go over a wire. */
export function argsText(args: unknown): string {
  return typeof args === 'string' ? args : JSON.stringify(args ?? {})
}

/** Text in the pieces it is streamed in: words, with the space before them. */
export function pieces(text: string): readonly string[] {
  return text.match(/\s*\S{1,24}|\s+$/g) ?? []
}
