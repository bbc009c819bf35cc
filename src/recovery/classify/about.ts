/** What a failure is classified by beside itself, and who may say what it is. */
import { isFailureMode, type Evidence, type Failure, type FailureMode } from '../modes.ts'
import { isObject } from './seen.ts'

/** An answer of a model, as far as it is looked at. */
export interface Answer {
  /** Parts as the SDK has them: text, reasoning, tool-call, file. */
  readonly content: unknown
  readonly finishReason: { readonly unified: string; readonly raw?: string | undefined }
  readonly text: string
}

export interface About {
  /** Where it came up: in a call of a model, in a tool, in a value that has a form. */
  readonly kind?: 'model' | 'tool' | 'output'
  /** What an answer has to be. */
  readonly format?: 'json' | 'text'
  /** The tools that were offered: calls of others are failures. */
  readonly tools?: readonly string[]
  /** What the tool does to the world: what was sent before the connection broke may have happened. */
  readonly effect?: 'read' | 'reversible' | 'irreversible'
  /** Asked first, in their order. */
  readonly authors?: readonly Classifier[]
  /** Milliseconds since 1970, for dates in `Retry-After`; the machine's clock unless told. */
  readonly now?: number
}

/** What an author says of an error, or of an answer; nothing where it is none of his. */
export type Classifier = (
  failed: { readonly error?: unknown; readonly answer?: Answer },
  about: About,
) => FailureMode | (Pick<Failure, 'mode'> & Partial<Omit<Failure, 'evidence'>>) | undefined

/** What the classifiers of authors came to. */
export interface Heard {
  readonly said: (Pick<Failure, 'mode'> & Partial<Omit<Failure, 'evidence'>>) | undefined
  /** Those that threw, or said what is no mode. */
  readonly failed: readonly string[]
}

/** Modes that may pass by themselves, where nothing else is known. */
const PASSING: ReadonlySet<FailureMode> = new Set(['tool_failure', 'saturation', 'provider_outage'])

export function hear(failed: Parameters<Classifier>[0], about: About): Heard {
  const broken: string[] = []
  for (const [i, classifier] of (about.authors ?? []).entries()) {
    const name = classifierName(classifier, i)
    try {
      const said: unknown = classifier(failed, about)
      if (said === undefined || said === null) continue
      if (isFailureMode(said)) return { said: { mode: said, isTransient: PASSING.has(said) }, failed: broken }
      const verdict = verdictOf(said)
      if (verdict) return { said: verdict, failed: broken }
      if (said instanceof Promise) said.catch(() => {})
      broken.push(`${name}: said what is no mode`)
    } catch (error) {
      broken.push(`${name}: threw ${error instanceof Error ? error.name : typeof error}`)
    }
  }
  return { said: undefined, failed: broken }
}

function classifierName(classifier: unknown, i: number): string {
  return typeof classifier === 'function' && classifier.name !== '' ? classifier.name : `classifier ${i + 1}`
}

function verdictOf(said: unknown): Heard['said'] {
  if (!isObject(said) || !isFailureMode(said.mode)) return undefined
  const { mode, isTransient, retryAfterMs } = said
  return {
    mode,
    isTransient: typeof isTransient === 'boolean' ? isTransient : PASSING.has(mode),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs } : {}),
  }
}

/** With who failed to say anything. */
export function noting(evidence: Evidence, { failed }: Heard): Evidence {
  return failed.length === 0 ? evidence : { ...evidence, classifiers: failed }
}
