/** What can go wrong on demand: each fault by name, and what it makes of a request. */
import type { Answer } from './answer.ts'
import { isRecord, type Asked, type Wire } from './asked.ts'
import { defaultAnswer } from './defaults.ts'
import { fitting } from './fitting.ts'
import {
  allContextWords,
  broken,
  filtered,
  forbidden,
  notFound,
  outOfCredit,
  rateLimited,
  tooLong,
  unauthorized,
  type Again,
  type ContextWords,
  type Refusal,
} from './refusals.ts'

export interface FaultOptions extends Again {
  readonly fault: FaultName
  /** Of a 5xx: a proxy's page instead of JSON. */
  readonly isHtml?: boolean
  /** Of `context_length`: whose words; the wire's own unless told. */
  readonly words?: ContextWords
  /** Of a stream that breaks: how many pieces come before; half of them unless told. */
  readonly after?: number
  /** Of `hang` and `reset`: the work was done and counts as spent, though nobody gets it. */
  readonly isBilled?: boolean
  /** Of `error_chunk`: what the provider calls it; overloaded unless told. */
  readonly type?: string
  /** Of `slow`: milliseconds between pieces; 50 unless told. */
  readonly betweenMs?: number
  /** Of what spoils a delivery: the answer it is done to; the default one unless told. */
  readonly answer?: Answer
}

/** How the delivery of an answer is spoiled. */
export type Spoil = 'reset' | 'end' | 'error' | 'truncated' | 'empty' | 'shape' | 'choices'

/** What a request comes to. */
export type Outcome =
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | {
      readonly kind: 'answer'
      readonly answer: Answer
      readonly spoil?: Spoil
      readonly options?: FaultOptions
    }
  | { readonly kind: 'silence'; readonly how: 'hang' | 'reset'; readonly answer?: Answer }

type Make = (asked: Asked, options: FaultOptions, now: number) => Outcome

const refused = (refusal: Refusal): Outcome => ({ kind: 'refusal', refusal })
const said = (answer: Answer): Outcome => ({ kind: 'answer', answer })
const spoiled =
  (spoil: Spoil): Make =>
  (asked, options) => ({ kind: 'answer', answer: options.answer ?? defaultAnswer(asked), spoil, options })
const silent =
  (how: 'hang' | 'reset'): Make =>
  (asked, options) => ({
    kind: 'silence',
    how,
    ...(options.isBilled === true ? { answer: options.answer ?? defaultAnswer(asked) } : {}),
  })

const IN_WORDS = "I'm sorry, but I can't help with that."

const faults = {
  rate_limit: ({ wire }, options, now) => refused(rateLimited(wire, options, now)),
  quota: ({ wire }) => refused(outOfCredit(wire)),
  server_error: ({ wire }, { isHtml }) => refused(broken(wire, 500, isHtml === true)),
  unavailable: ({ wire }, { isHtml }) => refused(broken(wire, 503, isHtml === true)),
  overloaded: ({ wire }, { isHtml }) => refused(broken(wire, 529, isHtml === true)),
  unauthorized: ({ wire }) => refused(unauthorized(wire)),
  forbidden: ({ wire }) => refused(forbidden(wire)),
  not_found: ({ wire, model }) => refused(notFound(wire, model)),
  context_length: ({ wire }, { words }) => refused(tooLong(wire, words)),
  content_filter: ({ wire }) => refused(filtered(wire)),
  hang: silent('hang'),
  reset: silent('reset'),
  reset_mid_stream: spoiled('reset'),
  ends_early: spoiled('end'),
  error_chunk: spoiled('error'),
  truncated_body: spoiled('truncated'),
  empty_body: spoiled('empty'),
  wrong_shape: spoiled('shape'),
  no_choices: spoiled('choices'),
  refusal: ({ wire }) => said({ refusal: IN_WORDS, ...(wire === 'openai' ? {} : { text: '' }) }),
  refusal_in_words: () => said({ text: IN_WORDS }),
  filtered_answer: ({ wire }) =>
    said({ text: 'The first part of', finish: wire === 'openai' ? 'content_filter' : 'refusal' }),
  length: (asked) => {
    const { text = '' } = defaultAnswer(asked)
    return said({
      text: text.slice(0, Math.ceil(text.length / 2)),
      finish: asked.wire === 'openai' ? 'length' : 'max_tokens',
    })
  },
  context_window: () => said({ text: 'The first part of', finish: 'model_context_window_exceeded' }),
  pause_turn: () => said({ text: 'I am still looking.', finish: 'pause_turn' }),
  unknown_finish: () => said({ text: 'The first part of', finish: 'eos_unknown' }),
  empty_text: () => said({ text: '' }),
  wrong_tool: () => said({ toolCalls: [{ name: 'no_such_tool', args: { query: 'sample' } }] }),
  bad_arguments: (asked) => said({ toolCalls: [{ name: toolOf(asked), args: '{"query": "sam' }] }),
  wrong_arguments: (asked) => said({ toolCalls: [{ name: toolOf(asked), args: { unexpected: true } }] }),
  bad_output: () => said({ text: '{"name": "sam' }),
  wrong_output: () => said({ text: '{"unexpected": true}' }),
  loop: (asked) =>
    said({ toolCalls: [{ name: toolOf(asked), args: fitting(asked.tools[0]?.schema ?? {}) }] }),
  slow: (asked, { betweenMs = 50, answer }) =>
    said({ ...(answer ?? defaultAnswer(asked)), pace: { firstMs: betweenMs, betweenMs } }),
} as const satisfies Readonly<Record<string, Make>>

export type FaultName = keyof typeof faults

export const faultNames = Object.keys(faults) as readonly FaultName[] // a literal's keys are its type's

export function outcomeOf(options: FaultOptions, asked: Asked, now: number): Outcome {
  return faults[options.fault](asked, options, now)
}

function toolOf({ tools }: Asked): string {
  return tools[0]?.name ?? 'no_such_tool'
}

/** A fault, and which requests it befalls: the next one unless told. */
export interface FaultRule extends FaultOptions {
  /** How many; 1 unless told. */
  readonly times?: number | 'always'
  /** How many of those it fits are let through first. */
  readonly skip?: number
  readonly model?: string
  readonly wire?: Wire
  /** Only requests whose prompt has this in it. */
  readonly contains?: string
}

/** A rule as it came over HTTP, or what is wrong with it. */
export function ruleIn(value: unknown): FaultRule | string {
  if (!isRecord(value)) return 'A fault is an object such as {"fault":"rate_limit","times":2}.'
  if (!faultNames.some((name) => name === value.fault))
    return `There is no fault "${String(value.fault)}". There are: ${faultNames.join(', ')}.`
  const { times, words } = value
  if (times !== undefined && times !== 'always' && !(Number.isSafeInteger(times) && Number(times) > 0))
    return '"times" is a whole number from 1, or "always".'
  if (words !== undefined && !allContextWords.some((one) => one === words))
    return `"words" is one of: ${allContextWords.join(', ')}.`
  for (const [name, type] of Object.entries(TYPES))
    if (value[name] !== undefined && typeof value[name] !== type) return `"${name}" has to be a ${type}.`
  const unknown = Object.keys(value).find((name) => !(name in TYPES) && !OTHERS.includes(name))
  if (unknown !== undefined) return `A fault has no "${unknown}".`
  if (value.wire !== undefined && value.wire !== 'openai' && value.wire !== 'anthropic')
    return '"wire" is openai or anthropic.'
  return value as unknown as FaultRule // every field was looked at above
}

const TYPES: Readonly<Record<string, string>> = {
  fault: 'string',
  skip: 'number',
  model: 'string',
  contains: 'string',
  after: 'number',
  retryAfter: 'number',
  retryAfterAs: 'string',
  isHtml: 'boolean',
  isBilled: 'boolean',
  type: 'string',
  betweenMs: 'number',
}
const OTHERS = ['times', 'words', 'wire', 'answer']

/** The faults that wait for requests. */
export class Faults {
  #rules: { readonly rule: FaultRule; left: number; skip: number }[] = []

  add(rule: FaultRule): void {
    this.#rules.push({
      rule,
      left: rule.times === 'always' ? Infinity : (rule.times ?? 1),
      skip: rule.skip ?? 0,
    })
  }

  /** The fault of a request, if one waits for it; each befalls as many as it said. */
  take(asked: Pick<Asked, 'wire' | 'model' | 'prompt'>): FaultRule | undefined {
    const waiting = this.#rules.find(
      ({ rule }) =>
        (rule.model === undefined || rule.model === asked.model) &&
        (rule.wire === undefined || rule.wire === asked.wire) &&
        (rule.contains === undefined || asked.prompt.includes(rule.contains)),
    )
    if (!waiting) return undefined
    if (waiting.skip > 0) {
      waiting.skip--
      return undefined
    }
    waiting.left--
    if (waiting.left <= 0) this.#rules = this.#rules.filter((one) => one !== waiting)
    return waiting.rule
  }

  clear(): void {
    this.#rules = []
  }

  /** What still waits. */
  list(): readonly (FaultRule & { readonly left: number | 'always' })[] {
    return this.#rules.map(({ rule, left }) => ({ ...rule, left: left === Infinity ? 'always' : left }))
  }
}
