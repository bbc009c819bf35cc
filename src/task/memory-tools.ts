/** Tools by which a model itself uses working memory, its plan, and people. */
import type { Tool } from 'ai'
import type { Duration } from './duration.ts'

export type MemoryToolName = 'decide' | 'remember' | 'recall' | 'plan' | 'ask'

export interface MemoryToolsOptions<Name extends MemoryToolName = MemoryToolName> {
  /** Which of them; all unless told. */
  readonly only?: readonly Name[]
  /** Whom `ask` asks, and how long it waits. */
  readonly ask?: { readonly to?: string; readonly timeout?: Duration }
  /** How many tokens what `recall` found may have together; 2,000 unless told. */
  readonly budget?: number
}

/** Tools of the AI SDK. What they refuse, the model is told as text: nothing it writes ends the run. */
export type MemoryTools<Name extends MemoryToolName = MemoryToolName> = Readonly<
  Record<
    Name,
    Tool<Record<string, unknown>, string> & {
      execute: NonNullable<Tool<Record<string, unknown>, string>['execute']>
    }
  >
>
