/**
 * A model that says what texts mean, in place of the table that comes with the package.
 *
 * E1. It is asked for public and internal items only: what is confidential or personal is not sent to anybody.
 * E2. One that fails, or takes too long, is done without: words rank, and the question is answered.
 */
/** What is asked of an embedding model: any of the AI SDK has it. */
export interface Embedder {
  readonly modelId: string
  readonly provider?: string
  readonly maxEmbeddingsPerCall?: number | undefined | PromiseLike<number | undefined>
  doEmbed(options: {
    values: string[]
    abortSignal?: AbortSignal
  }): PromiseLike<{ readonly embeddings: number[][] }>
}

/** A question is not kept waiting for longer. */
export const QUESTION_MS = 2000
export const ITEMS_MS = 60_000
const MOST_AT_ONCE = 64

/** By which vectors are told apart: of another model they cannot be compared. */
export const nameOf = ({ provider = '', modelId }: Embedder): string => `model ${provider}/${modelId}`

/** The vectors of texts, in their order; none at all where the model fails. */
export async function embedWith(
  embedder: Embedder,
  texts: readonly string[],
  patienceMs: number,
): Promise<readonly (Int8Array | undefined)[]> {
  try {
    const { quantised } = await import('./search/index.ts') // loaded when something is first searched for
    const most = Math.max(1, (await embedder.maxEmbeddingsPerCall) ?? MOST_AT_ONCE)
    const vectors: (Int8Array | undefined)[] = []
    for (let from = 0; from < texts.length; from += most) {
      const values = texts.slice(from, from + most)
      const abortSignal = AbortSignal.timeout(patienceMs)
      const { embeddings } = await orAborted(embedder.doEmbed({ values, abortSignal }), abortSignal)
      for (const [i] of values.entries()) vectors.push(quantised(embeddings[i] ?? []))
    }
    return vectors
  } catch {
    return []
  }
}

/** Some models do not look at the signal. */
function orAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    ),
  ])
}
