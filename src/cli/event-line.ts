/** An event in a few words, for those who follow a run or read its history. */
import {
  answerIn,
  decode,
  events,
  isErased,
  putIn,
  questionOf,
  read,
  type StoredEvent,
} from '../app/index.ts'
import { messageOf } from '../errors.ts'
import { callLine } from './calls.ts'
import { answerText } from './inbox-lines.ts'
import { preview, shortened } from './json.ts'
import { lengthText } from './moment.ts'
import { GLYPHS, type EventLine } from './glyphs.ts'
import { recoveryLine } from './recovery-lines.ts'

/** The operation an event is about: `read`, `read#2`. */
export function nameOf(event: StoredEvent): string {
  const ordinal = event.ordinal ?? 1
  return `${event.name ?? ''}${ordinal > 1 ? `#${ordinal}` : ''}`
}

const times = (n: number | undefined): string => (n !== undefined && n > 1 ? `  ${n} attempts` : '')

/** What happened to an operation; undefined for events that are not about one. */
export function lineOf(event: StoredEvent): EventLine | undefined {
  if (isErased(event)) return undefined
  const name = nameOf(event)
  const done = (text: string, ms?: number): EventLine => ({ glyph: GLYPHS.done, tone: 'good', text, ms })
  const failed = (text: string): EventLine => ({ glyph: GLYPHS.failed, tone: 'bad', text })
  const waits = (text: string): EventLine => ({ glyph: GLYPHS.waiting, tone: 'live', text })
  switch (event.kind) {
    case 'step.completed': {
      const { n, ms } = read(events.stepCompleted, event)
      return done(`${name}${times(n)}`, ms ?? 0)
    }
    case 'step.failed': {
      const { e, n } = read(events.stepFailed, event)
      return failed(`${name}${times(n)}  ${shortened(messageOf(e), 200)}`)
    }
    case 'step.attempted': {
      const { e, n, retryAt } = read(events.stepAttempted, event)
      const pause = lengthText(retryAt - event.at)
      return {
        glyph: GLYPHS.again,
        tone: 'warn',
        text: `${name}  attempt ${n} failed, again in ${pause}: ${shortened(messageOf(e), 160)}`,
      }
    }
    case 'step.in_doubt':
      return {
        glyph: GLYPHS.doubt,
        tone: 'warn',
        text: `${name}  in doubt: ${shortened(read(events.stepDoubted, event).because, 200)}`,
      }
    case 'step.cleared':
      return { glyph: GLYPHS.again, tone: 'warn', text: `${name}  did not take place; it may be tried again` }
    case 'sleep.started':
      return waits(`${name}  sleeps for ${lengthText(read(events.sleepStarted, event).due - event.at)}`)
    case 'sleep.fired':
      return done(`${name}  woke`)
    case 'keep.done': {
      const put = putIn(event)
      return put && waits(`${name}  asked of ${put.to ?? 'anybody'}: throughline inbox show ${put.question}`)
    }
    case 'wait.opened': {
      const { due } = read(events.waitOpened, event)
      if (questionOf(event.name ?? '') !== undefined) return undefined // said when it was asked
      return waits(
        `${name}  waits for a message${due === undefined ? '' : `, ${lengthText(due - event.at)} at most`}`,
      )
    }
    case 'wait.answered': {
      const answer = answerIn(event)
      if (answer) return done(`${name}  ${answerText(answer)}`)
      return done(`${name}  ${preview(read(events.waitAnswered, event).v, 120)}`.trimEnd())
    }
    case 'wait.timed_out':
      return failed(`${name}  nobody answered in time`)
    case 'wait.refused':
      return {
        glyph: GLYPHS.again,
        tone: 'warn',
        text: `${name}  a message was refused: ${shortened(read(events.waitRefused, event).issues, 200)}`,
      }
    case 'call.started':
      return { glyph: '→', tone: 'live', text: `${name}  child ${read(events.callStarted, event).run}` }
    case 'call.ended': {
      const { status, e } = read(events.callEnded, event)
      return status === 'done'
        ? done(`${name}  child done`)
        : failed(`${name}  child ${status}: ${shortened(messageOf(e), 200)}`)
    }
    case 'spawn.started':
      return { glyph: '→', tone: 'live', text: `${name}  spawned ${read(events.spawnStarted, event).run}` }
    case 'race.settled':
      return done(`${name}  won by ${read(events.raceSettled, event).winner}`)
    case 'run.restarted':
      return { glyph: GLYPHS.again, tone: 'live', text: 'goes on in a fresh chapter' }
    default:
      return callLine(event) ?? recoveryLine(event)
  }
}

/** What the body of any event says, on one line. */
export function bodyText(event: StoredEvent, width: number): string {
  if (isErased(event)) return '(erased)'
  if (event.body === undefined) return ''
  return preview(decode(event.body), width)
}
