/** The day on which the work is put down, three weeks ago: what the commands of the README do, with a clock that is so much slow. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { open, type Clock } from 'throughline'
import { officeMove } from './move.ts'

const DAY_MS = 86_400_000
export const THREE_WEEKS_MS = 21 * DAY_MS

/** Taken when this module is loaded: what a body takes from its surroundings is watched, and a clock is asked from everywhere. */
const { now } = Date

/** The machine's clock, put back. */
function slowBy(ms: number): Clock {
  return {
    now: () => now() - ms,
    at(at, fire) {
      const timer = setTimeout(fire, Math.max(0, at + ms - now()))
      return () => clearTimeout(timer)
    },
  }
}

/** Begins the work, promises something, and parks it. */
export async function putDown(store: string): Promise<{ readonly thread: string; readonly run: string }> {
  const clock = slowBy(THREE_WEEKS_MS)
  const tl = await open({ store, tasks: [officeMove], clock })
  try {
    const by = 'me'
    const thread = await tl.threads.open(
      { goal: 'Move the office', nextAction: 'Ask three movers', scope: 'office' },
      { by },
    )
    const run = await tl.start(
      officeMove,
      { desks: 12 },
      {
        thread: thread.id,
        source: join(import.meta.dirname, 'move.ts'),
      },
    )
    while ((await run.status()) !== 'waiting') await pause(5)
    await tl.memory.remember(
      {
        kind: 'commitment',
        subject: 'caretaker',
        statement: 'Bring the caretaker the old keys',
        dueAt: new Date(clock.now() + 5 * 7 * DAY_MS),
        scope: 'office',
      },
      { by },
    )
    await tl.threads.park(thread.id, {
      because: 'The landlord is away, and decides about the goods lift',
      waitingOn: 'the landlord',
      nextAction: 'Ask the landlord, then answer the run',
      until: new Date(clock.now() + 20 * DAY_MS),
      by,
    })
    return { thread: thread.id, run: run.id }
  } finally {
    await tl.close()
  }
}
