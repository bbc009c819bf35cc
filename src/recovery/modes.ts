/**
 * The ways in which work fails that has models and tools in it.
 *
 * M1. Every failure has exactly one mode. What fits none is `unclassified`, which is a mode with a way out like the others.
 * M2. Names are on the record: one may be added, none renamed.
 * M3. Evidence is short and says what was seen: a name, a message, a status, a code. No headers, no bodies, no keys.
 */

/** A way to fail. */
export type FailureMode = keyof typeof sentences

/** What each mode means, in a sentence. */
const sentences = {
  context_overflow: 'The conversation is longer than the model can take.',
  lost_context: 'Something the task must hold on to is no longer in the conversation, or no longer answered.',
  tool_failure: 'A tool failed in a way that may pass.',
  wrong_tool:
    'The model called a tool that does not exist or may not be used, or with arguments that do not fit it.',
  unknown_side_effect: 'Nobody knows whether an effect took place.',
  malformed_output: 'The answer breaks its schema, is no JSON, or was cut off.',
  partial_loss: 'Part of what had to survive a step is missing from its result.',
  conflicting_instructions: 'What is asked for contradicts something else that holds.',
  missing_information: 'Something the task needs is not there, and nobody has said it.',
  repetition: 'The same tool was called with the same arguments in the same state again.',
  no_termination: 'The work goes on and on without coming to an end.',
  premature_end: 'The work ended before what it had to do was done.',
  refusal: 'The model, or a filter in front of it, will not answer.',
  boundary_breach: 'A limit the task declared would be crossed.',
  decision_conflict: 'A value goes against a decision that is live.',
  stale_data: 'Something the work rests on has changed, or is gone.',
  approval_expired: 'An approval ran out, or no longer fits what was approved.',
  saturation: 'More is asked for than there is room for right now.',
  provider_outage: 'A provider does not answer, or answers with nothing that can be used.',
  configuration: 'Something was set up wrongly: a key, a model id, an address.',
  unclassified: 'No known way to fail fits.',
} as const

/** A mode as `task({ recovery })` names it: `contextOverflow`. */
export type ModeKey = Camel<FailureMode>
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

/** Every mode, in the order of the table. */
// Object.keys widens to string; the keys of a literal are its type's.
export const failureModes = Object.keys(sentences) as readonly FailureMode[]

/** What `task({ recovery })` may declare a way out for, by its name there. */
export const modeOfKey: Readonly<Record<ModeKey, FailureMode>> = Object.fromEntries(
  failureModes.map((mode) => [keyOfMode(mode), mode]),
  // Every mode is a key once; the type says the same of the same list.
) as Record<ModeKey, FailureMode>

/** What a mode is called in `task({ recovery })`. */
export function keyOfMode(mode: FailureMode): ModeKey {
  // The same rewriting as the type's, letter by letter.
  return mode.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as ModeKey
}

/** What a mode means, in a sentence. */
export function sentenceOf(mode: FailureMode): string {
  return sentences[mode]
}

/** Whether a text names a mode. */
export function isFailureMode(text: unknown): text is FailureMode {
  return typeof text === 'string' && Object.hasOwn(sentences, text)
}

/** What was seen of a failure. */
export interface Evidence {
  /** Of the error, or of what stood in its place: `AI_APICallError`, `finish`. */
  readonly name: string
  readonly message: string
  /** Of HTTP. */
  readonly status?: number
  /** The provider's own word for it, or Node's: `context_length_exceeded`, `ECONNRESET`. */
  readonly code?: string
  /** Why the model stopped, in the SDK's words and the provider's. */
  readonly finish?: string
  readonly rawFinish?: string
  /** The tool that was asked for. */
  readonly tool?: string
  /** How many attempts were made within, where the SDK made some of its own. */
  readonly attempts?: number
  /** Classifiers that failed to say anything of it. */
  readonly classifiers?: readonly string[]
}

/** A failure, classified. */
export interface Failure {
  readonly mode: FailureMode
  /** Whether doing the same again may do, with nothing changed. */
  readonly isTransient: boolean
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs?: number
  readonly evidence: Evidence
}
