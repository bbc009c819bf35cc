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
  const isCarried = await tl.log.isOwned()
  if (out.isJson) out.json({ run: runId, isCarried })
  out.say(done)
  if (!isCarried)
    out.say(
      `No process carries this store's runs right now; this goes on with it:\n\n  throughline resume ${runId}${desk.storeFlag}\n`,
    )
  return 0
}
