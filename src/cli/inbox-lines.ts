/** What runs ask of people, drawn for people. */
import { spoken, type AnswerBody, type Question } from '../app/index.ts'
import { quoted, type Desk } from './command.ts'
import { exampleOf } from './example.ts'
import { plain, preview, shortened } from './json.ts'
import { fromNow, timeText } from './moment.ts'
import type { Output, Tone } from './output.ts'

const TONES: Readonly<Record<Question['status'], Tone>> = {
  open: 'live',
  answered: 'good',
  expired: 'warn',
  closed: 'dim',
}
const ANYBODY = 'anybody'
const LONGEST_NAME = 20
const MOST_COMMANDS = 8

/** One line each. */
export function drawQuestions(out: Output, questions: readonly Question[]): void {
  if (questions.length === 0) return out.say('Nothing is asked.')
  const now = Date.now()
  const width = Math.min(LONGEST_NAME, Math.max(...questions.map(({ to = ANYBODY }) => to.length)))
  for (const { id, to = ANYBODY, question, status, dueAt, askedAt, answer } of questions) {
    const mark = status === 'open' ? '' : ` ${out.paint(TONES[status], status)}`
    const said = answer ? `: ${word(answer, 30)} (${shortened(answer.by, LONGEST_NAME)})` : ''
    const due =
      dueAt && status === 'open' ? out.paint('warn', `  until ${fromNow(dueAt.getTime(), now)}`) : ''
    const text = shortened(question, Math.max(30, out.width - width - 60))
    const name = shortened(to, width).padEnd(width)
    out.line(
      `${id}  ${name}  ${text}${mark}${said}${due}${out.paint('dim', `  ${fromNow(askedAt.getTime(), now)}`)}`,
    )
  }
}

/** All of it, and the commands that answer it. */
export function drawQuestion(desk: Desk, question: Question): void {
  const { out, storeFlag } = desk
  const { id, kind, status, to = ANYBODY, run, task, dueAt, askedAt, answer, because, refused } = question
  const { paint } = out
  out.line(
    `${paint('bold', id)}  ${kind}  ${paint(TONES[status], status)}${because === undefined ? '' : `: ${because}`}`,
  )
  for (const line of question.question.split('\n')) out.line(`\n  ${inLine(line)}`)
  out.line()
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['to', to],
    ['run', `${run} (${task})`],
    ['asked', timeText(askedAt)],
    ['until', dueAt && `${timeText(dueAt)} (${fromNow(dueAt.getTime(), Date.now())})`],
    ['refused', refused],
  ]
  for (const [label, text] of facts)
    if (text !== undefined) out.line(`  ${paint('dim', label.padEnd(8))} ${shortened(text, out.width - 12)}`)
  block(out, 'about', question.about)
  block(out, 'proposal', question.proposal)
  if (question.digest !== undefined) out.line(`  ${paint('dim', 'digest'.padEnd(8))} ${question.digest}`)
  if (answer) drawAnswer(out, answer)
  if (status !== 'open') return
  out.line(`\n${paint('live', '◷')} Answer it:`)
  for (const command of answerCommands(question, storeFlag)) out.line(`    ${command}`)
}

function drawAnswer(out: Output, { value, by, reason, at, edits }: NonNullable<Question['answer']>): void {
  const said = word({ value, edits }, 200)
  out.line(
    `\n${out.paint('good', 'answered')} ${said}  ${out.paint('dim', `${shortened(by, 60)}, ${timeText(at)}`)}`,
  )
  if (reason !== undefined) out.line(`    ${shortened(reason, 3 * out.width)}`)
  for (const { path, was, is } of edits ?? [])
    out.line(
      `    ${shortened(`${path === '' ? 'the whole' : path}  ${preview(was, 60)} → ${preview(is, 60)}`, out.width - 4)}`,
    )
}

/** `4711 (ada: it is theirs)`, on one line. */
export function answerText(answer: AnswerBody): string {
  const { by, reason } = answer
  return `${word(answer, 120)} (${shortened(reason === undefined ? by : `${by}: ${reason}`, 120)})`
}

function word(answer: Parameters<typeof spoken>[0], width: number): string {
  const said = spoken(answer)
  return typeof said === 'string' ? shortened(said, width) : preview(said, width)
}

/** A value over several lines, indented: nobody decides about what is cut off. */
function block(out: Output, label: string, value: unknown): void {
  if (value === undefined) return
  const text = typeof value === 'string' ? value : (JSON.stringify(plain(value), undefined, 2) ?? '')
  out.line(`\n  ${out.paint('dim', label)}`)
  for (const line of text.split('\n')) out.line(`    ${inLine(line)}`)
  out.line()
}

/** What was written by a program or a model must not move the cursor of whoever decides about it. */
const inLine = (text: string): string => text.replace(/\p{Cc}/gu, ' ')

/** Commands that answer an open question. */
export function answerCommands(question: Question, storeFlag: string): readonly string[] {
  const { id, kind, digest = '', choices, schema } = question
  const answer = `throughline inbox answer ${id}`
  if (kind === 'approval')
    return [
      `${answer} approve --digest ${digest}${storeFlag}`,
      `${answer} reject --digest ${digest} --reason '…'${storeFlag}`,
    ]
  if (choices)
    return choices.slice(0, MOST_COMMANDS).map((choice) => `${answer} ${quoted(choice)}${storeFlag}`)
  const example = schema === undefined ? '…' : exampleOf(schema)
  const text = typeof example === 'string' ? example : JSON.stringify(example)
  return [`${answer} ${quoted(text)}${storeFlag}`]
}
