/** What a compaction leaves on a run's record: what became of which message. The messages themselves are there already. */
import { kind } from '../../log/index.ts'
import type { DroppedAs } from '../../task/index.ts'

export interface CompactedBody {
  readonly strategy: string
  readonly before: number
  readonly after: number
  readonly limit?: number
  readonly dropped: readonly (readonly [id: string, as: DroppedAs, digest: string, tokens: number])[]
  readonly kept: readonly (readonly [item: string, version: number])[]
  /** Of all that is summarised by now. */
  readonly summary?: string
}

export const contextCompacted = kind<CompactedBody>('context.compacted')
/** It would not have become small enough: nothing was left out. */
export const contextRefused = kind<{
  readonly strategy: string
  readonly before: number
  readonly after: number
  readonly limit?: number
  /** What could not be left out; unless it did not come to that. */
  readonly bound?: number
  readonly e?: string
}>('context.refused')
