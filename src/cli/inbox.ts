/** `throughline inbox`: what runs ask of people, and a person's answer. */
import type { Command } from 'commander'
import { BadRequest, issuesOf, type Question, type QuestionStatus, type Throughline } from '../app/index.ts'
import { asClient, type Act, type Define, type Desk, type ExitCode } from './command.ts'
import { byOf, wholeNumber } from './given.ts'
import { answerCommands, drawQuestion, drawQuestions } from './inbox-lines.ts'
import { jsonArgument, plain } from './json.ts'
import { sayWhoGoesOn } from './sent.ts'

export const define: Define = (command, act) => {
  command.addHelpText(
    'after',
    `
Example:
  throughline inbox list --to finance
  throughline inbox show q_01k2…
  throughline inbox answer q_01k2… 4711 --by ada
  throughline inbox answer q_01k3… approve --digest 9a1b… --by ada --reason 'Within budget'`,
  )
  defineReading(command, act)
  defineAnswer(command, act)
}

interface ListOptions {
  readonly to?: string
  readonly status?: string
  readonly run?: string
  readonly task?: string
  readonly limit?: string
  readonly cursor?: string
}

function defineReading(command: Command, act: Act): void {
  command
    .command('list')
    .summary('open questions, the oldest first')
    .option('--to <name>', 'those put to this person or role')
    .option('--status <statuses>', 'open unless told; answered, expired, closed, with commas between')
    .option('--run <run>', 'of this run')
    .option('--task <task>', 'of runs of this task')
    .option('--limit <n>', 'how many; 50 unless told, 1000 at most')
    .option('--cursor <cursor>', 'go on after the page that gave it')
    .addHelpText('after', '\nExample:\n  throughline inbox list --to finance')
    .action(act((desk, options: ListOptions) => asClient(desk, (tl) => list(desk, tl, options))))
  command
    .command('show')
    .summary('a question: all that was given with it, and how to answer')
    .argument('<question>', 'the question')
    .addHelpText('after', '\nExample:\n  throughline inbox show q_01k2…')
    .action(
      act((desk, id: string) =>
        asClient(desk, async (tl) => {
          const question = await tl.inbox.get(id)
          if (desk.out.isJson) desk.out.json(plain(question))
          else drawQuestion(desk, question)
          return 0
        }),
      ),
    )
}

async function list(desk: Desk, tl: Throughline, options: ListOptions): Promise<ExitCode> {
  const { out } = desk
  const { limit, status, ...rest } = options
  const page = await tl.inbox.list({
    ...rest,
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(status === undefined ? {} : { status: status.split(',').map((one) => statusOf(one.trim())) }),
  })
  if (out.isJson) {
    out.json(plain(page))
    return 0
  }
  drawQuestions(out, page.questions)
  const [first] = page.questions
  if (first) out.say(out.tint('dim', `\nLook at one: throughline inbox show ${first.id}${desk.storeFlag}`))
  if (page.cursor !== undefined) out.say(out.tint('dim', `More: --cursor ${page.cursor}`))
  return 0
}

const STATUSES: readonly QuestionStatus[] = ['open', 'answered', 'expired', 'closed']

function statusOf(text: string): QuestionStatus {
  const status = STATUSES.find((one) => one === text)
  if (!status)
    throw new BadRequest(`--status must be of ${STATUSES.join(', ')}; got ${JSON.stringify(text)}.`)
  return status
}

interface AnswerGiven {
  readonly by?: string
  readonly reason?: string
  readonly digest?: string
  readonly edited?: string
}

function defineAnswer(command: Command, act: Act): void {
  command
    .command('answer')
    .summary('answer a question: its run goes on')
    .argument('<question>', 'the question')
    .argument('<value>', 'the answer: JSON, text, @file or @- for stdin; approve or reject for an approval')
    .option('--by <who>', 'who answers; you unless told')
    .option('--reason <reason>', 'why')
    .option('--digest <digest>', 'of an approval: of what is proposed, as inbox show says it')
    .option('--edited <json>', 'of an approval: the proposal as it should be; JSON, @file or @-')
    .addHelpText(
      'after',
      `\nExample:\n  throughline inbox answer q_01k2… 4711 --by ada\n  throughline inbox answer q_01k3… reject --digest 9a1b… --reason 'Too dear'`,
    )
    .action(
      act((desk, id: string, text: string, given: AnswerGiven) =>
        asClient(desk, async (tl) => {
          const { by } = byOf(given)
          const question = await tl.inbox.get(id)
          const value =
            question.kind === 'approval' ? verdictOf(question, text, given, desk) : valueOf(question, text)
          const { reason } = given
          const answered = await tl.inbox.answer(id, value, {
            by,
            ...(reason === undefined ? {} : { reason }),
          })
          if (!desk.out.isJson) return sayWhoGoesOn(desk, tl, answered.run, `${by} has answered ${id}.`)
          desk.out.json({ ...(plain(answered) as object), isCarried: await tl.log.isOwned() })
          return 0
        }),
      ),
    )
}

/** JSON where that is an answer, else the text as it is. @throws {BadRequest} for a file that is not there */
function valueOf({ schema }: Question, text: string): unknown {
  if (text.startsWith('@')) return jsonArgument(text, 'The answer')
  const isAnswer = (value: unknown) => !schema || issuesOf(schema, value).length === 0
  try {
    const json: unknown = JSON.parse(text)
    return isAnswer(json) || !isAnswer(text) ? json : text
  } catch {
    return text
  }
}

/** @throws {BadRequest} */
function verdictOf(question: Question, text: string, { digest, edited }: AnswerGiven, desk: Desk): unknown {
  if (text !== 'approve' && text !== 'reject')
    throw new BadRequest(
      `${question.id} asks for an approval: answer approve or reject, not ${JSON.stringify(text)}.`,
    )
  if (digest === undefined)
    throw new BadRequest(
      `Say what you have looked at: --digest. It stands below what is proposed: throughline inbox show ${question.id}${desk.storeFlag}.`,
      { question: question.id, commands: answerCommands(question, desk.storeFlag) },
    )
  return {
    approved: text === 'approve',
    digest,
    ...(edited === undefined ? {} : { value: jsonArgument(edited, '--edited') }),
  }
}
