/** `throughline resolve`: say what became of an effect that is in doubt. */
import { BadRequest, type Resolution } from '../app/index.ts'
import { asClient, type Define } from './command.ts'
import { jsonArgument } from './json.ts'
import { sayWhoGoesOn } from './sent.ts'

interface Options {
  readonly done?: string | true
  readonly notDone?: true
  readonly failed?: string
}

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run')
    .argument('<step>', 'the step in doubt, as "throughline show" names it')
    .option('--done [json]', 'it took place, with this result (JSON or @file)')
    .option('--not-done', 'it did not take place: it may be tried again')
    .option('--failed <reason>', 'it did not take place and will not: the step fails')
    .addHelpText('after', `\nExample:\n  throughline resolve run_01k2… charge --done '{"receipt":"R-17"}'`)
    .action(
      act((desk, runId: string, step: string, options: Options) => {
        const outcome = outcomeOf(options)
        return asClient(desk, async (tl) => {
          await (await tl.run(runId)).resolve(step, outcome)
          return sayWhoGoesOn(desk, tl, runId, `Noted what became of "${step}".`)
        })
      }),
    )
}

function outcomeOf({ done, notDone, failed }: Options): Resolution {
  const given = [done, notDone, failed].filter((one) => one !== undefined)
  if (given.length !== 1)
    throw new BadRequest(
      'Say what became of the step with one of --done [json], --not-done, --failed <reason>.',
    )
  if (notDone) return { done: false }
  if (failed !== undefined) return { failed }
  return typeof done === 'string' ? { done: true, value: jsonArgument(done, '--done') } : { done: true }
}
