/** What becomes of a message that a command put into a run's inbox. */
import type { Throughline } from '../app/index.ts'
import type { Desk, ExitCode } from './command.ts'

/** Says what was done, and who takes it up: the process that carries the runs, or the next `throughline resume`. */
export async function sayWhoGoesOn(
  desk: Desk,
  tl: Throughline,
  runId: string,
  done: string,
): Promise<ExitCode> {
  const { out } = desk
  // The right to advance is free only while nobody carries the runs; taken here, it is given back on closing.
  const isCarried = !(await tl.log.tryOwn())
  if (out.isJson) out.json({ run: runId, isCarried })
  out.say(done)
  if (!isCarried)
    out.say(
      `No process carries this store's runs right now; this goes on with it:\n\n  throughline resume ${runId}${desk.storeFlag}\n`,
    )
  return 0
}
