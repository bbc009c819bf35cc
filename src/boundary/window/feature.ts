/** What the window adds to every context: a window for each branch, of the size its task may have. */
import type { Feature, Hands } from '../../run/index.ts'
import type { Reported, WindowOptions } from '../../task/index.ts'
import { compact } from './compact.ts'
import { ContextOverflow } from './errors.ts'
import { linesOf } from './standing.ts'
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

/** A conversation as it fits into that many tokens: pins and what holds are kept. Undefined where it does not get that small. */
export async function compacted(
  hands: Hands,
  messages: readonly unknown[],
  maxTokens: number,
): Promise<readonly unknown[] | undefined> {
  const window = windowOf(hands, { ...declared(hands), maxTokens })
  window.add(messages as Parameters<typeof window.add>[0]) // looked at there
  try {
    return await window.messages()
  } catch (error) {
    if (error instanceof ContextOverflow) return undefined
    throw error
  }
}

/** `boundary.context` of the task. */
function declared({ task }: Hands): WindowOptions {
  return (
    ('boundary' in task ? (task.boundary as { context?: WindowOptions } | undefined)?.context : undefined) ??
    {}
  )
}
