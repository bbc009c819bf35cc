/** A run's progress on a terminal: one line, rewritten. Silent where nobody watches. */
import type { RunHandle } from 'throughline'
import { z } from 'zod'

const Progress = z.object({ done: z.number(), total: z.number().optional(), note: z.string().optional() })

/** Shows progress until the run ends or `signal` aborts. */
export async function follow(
  run: Pick<RunHandle, 'events'>,
  signal: AbortSignal,
  terminal: NodeJS.WriteStream,
): Promise<void> {
  if (!terminal.isTTY) return
  let done = 0
  for await (const event of run.events(signal)) {
    if (event.kind === 'run.progress' && event.body) {
      const progress = Progress.parse(JSON.parse(event.body))
      // Of a run that goes on, what is replayed counts from one again; the line does not go back.
      done = Math.max(done, progress.done)
      terminal.write(`\r\u001b[2K${line({ ...progress, done }, terminal.columns)}`)
    }
    if (event.kind === 'call.started') terminal.write('\r\u001b[2KMeasuring …')
  }
  terminal.write('\r\u001b[2K')
}

/** `[######------]  54/138  picomatch`, never wider than the terminal: a wrapped line cannot be rewritten. */
export function line({ done, total = done, note = '' }: z.infer<typeof Progress>, columns = 80): string {
  const width = 24
  const filled = total === 0 ? width : Math.round((done / total) * width)
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${String(done).padStart(String(total).length)}/${total} ${note}`.slice(
    0,
    columns - 1,
  )
}
