/** `ctx.brief`: what a run was handed, read and acknowledged as operations of its own. */
import type { Log } from '../log/index.ts'
import { ACKNOWLEDGE, type Hands } from '../run/index.ts'
import type { Context, HandedBrief } from '../task/index.ts'
import type { Briefs } from './briefs.ts'
import { BadBrief, BriefUnknown } from './errors.ts'
import { textOf, type Told } from './told.ts'

export function briefContext(hands: Hands, briefs: Briefs): Pick<Context, 'brief'> {
  const { handed, keep, log, run } = hands
  if (!handed) return { brief: undefined }
  const { subject, mustRead } = handed
  let last = handed.id
  const brief: HandedBrief = {
    subject,
    mustRead,
    async read({ budget } = {}) {
      const told = (await keep('brief', 'read', async () => {
        const options = { for: run.id, ...(budget === undefined ? {} : { budget }) }
        const { told: value, appends } = await briefs.propose(subject, options)
        return { appends, value }
      })) as Told // what this operation records
      last = told.made.brief
      return textOf(log, told)
    },
    async acknowledge({ questions } = {}) {
      const id = last
      const [call, name] = ACKNOWLEDGE
      await keep(call, name, async () => {
        if (id === undefined) throw new BadBrief('brief', 'read it first: await ctx.brief.read().')
        const digest = await briefs.digestOf(id)
        const { appends, unless, acknowledgement } = await briefs.acknowledging(id, {
          digest,
          by: run.id,
          ...(questions ? { questions } : {}),
        })
        const { tookOver } = acknowledgement
        return { appends, unless, value: { brief: id, digest, tookOver } }
      })
    },
  }
  return { brief }
}

/** What a run that is started from a brief has on its record. @throws {BriefUnknown} */
export async function handedBrief(
  log: Log,
  id: string,
): Promise<{ readonly subject: string; readonly id: string }> {
  const [row] = await log.select('briefs', { where: { brief: id }, columns: ['subject'] })
  if (!row) throw new BriefUnknown(id, 'no such brief was made from this store')
  return { subject: String(row['subject']), id }
}
