/** What the window adds to every context: a window for each branch, of the size its task may have. */
import type { Feature, Hands } from '../../run/index.ts'
import type { Reported, WindowOptions } from '../../task/index.ts'
import { compact } from './compact.ts'
import { Prompts } from './prompts.ts'
import { linesOf } from './standing.ts'
import { byDefault, window } from './strategy.ts'
import { ManagedWindow } from './window.ts'

const windows = new WeakMap<Hands, ManagedWindow[]>()

function windowOf(hands: Hands, options: WindowOptions): ManagedWindow {
  const made = new ManagedWindow(
    {
      compact: (stand, strategy, limit, given) => compact(hands, { stand, strategy, limit, options: given }),
      lines: (kept) => linesOf(hands, kept),
      open: (given) => windowOf(hands, { ...options, ...given }),
    },
    options,
  )
  windows.set(hands, [...(windows.get(hands) ?? []), made])
  return made
}

export const windowFeature: Feature = {
  context: (hands) => ({ context: windowOf(hands, declared(hands)) }),
}

/** Tells the windows of a context what a provider counted; those it is not about leave it aside. */
export function reportTo(hands: Hands, report: Reported): void {
  for (const one of windows.get(hands) ?? []) one.reported(report)
}

const prompts = new WeakMap<Hands, Prompts>()

/** A request of `ctx.model` that is too large, in a size that fits, by the compaction its task declares; undefined if there is none. */
export function compacted(
  hands: Hands,
  prompt: readonly unknown[],
  maxTokens: number,
): Promise<unknown[] | undefined> {
  const { maxTokens: _most, ...options } = declared(hands)
  // Nobody may have asked for so small a size: what is left then is the last message, and what holds.
  const compaction = options.compaction ?? byDefault.then(window({ last: 1 }))
  const known = prompts.get(hands) ?? new Prompts(() => windowOf(hands, { ...options, compaction }))
  prompts.set(hands, known)
  return known.compacted(prompt, maxTokens)
}

/** `boundary.context` of the task. */
function declared({ task }: Hands): WindowOptions {
  return (
    ('boundary' in task ? (task.boundary as { context?: WindowOptions } | undefined)?.context : undefined) ??
    {}
  )
}
