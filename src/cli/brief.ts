/** `throughline brief`: what whoever takes over a run or a thread is given. */
import { asClient, type Define } from './command.ts'
import { wholeNumber } from './given.ts'
import { plain } from './json.ts'
import { pastMoment } from './moment.ts'

interface Given {
  readonly budget?: string
  readonly since?: string
  readonly for?: string
}

export const define: Define = (command, act) => {
  command
    .argument('<subject>', 'a run or a thread')
    .option('--budget <tokens>', 'how large it may be; 8000 unless told')
    .option('--since <when>', 'say what changed since: a date, so long ago (2d), or a brief')
    .option('--for <reader>', 'who reads it: says what changed since that reader last acknowledged')
    .addHelpText(
      'after',
      `
Example:
  throughline brief thr_01k2… --for ada
  throughline brief run_01k2… --budget 2000 --json`,
    )
    .action(
      act((desk, subject: string, { budget, since, for: reader }: Given) =>
        asClient(desk, async (tl) => {
          const brief = await tl.brief(subject, {
            ...(budget === undefined ? {} : { budget: wholeNumber(budget, '--budget') }),
            ...(since === undefined
              ? {}
              : { since: since.startsWith('brief_') ? since : pastMoment(since, '--since', Date.now()) }),
            ...(reader === undefined ? {} : { for: reader }),
          })
          const { out } = desk
          if (out.isJson) {
            out.json(plain(brief))
            return 0
          }
          out.line(brief.markdown.trimEnd())
          out.say(
            out.tint(
              'dim',
              `\n${brief.tokens} tokens (${brief.tokenizer}). Once read:\n    throughline ack ${brief.id} --digest ${brief.digest}${desk.storeFlag}`,
            ),
          )
          return 0
        }),
      ),
    )
}
