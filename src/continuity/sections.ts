/**
 * The sections of a brief, in words: what there is to say, before any of it is left out for size.
 *
 * S1. Decisions, constraints and effects in doubt must be said; so must the goal and the first safe action.
 */
import type { MemoryItem } from '../memory/index.ts'
import type { ItemKind } from '../task/index.ts'
import type { BriefSettings } from './events.ts'
import { firstAction } from './first-action.ts'
import { joined, worded, type Line, type Lines } from './lines.ts'
import { isHandoff } from './handoffs.ts'
import { doubtsOf, type Grounds, type Material, type RunState } from './material.ts'
import { pendingLine } from './pending.ts'
import { day, itemLine, line, newsLine, shown, withdrawnLine } from './wording.ts'

export interface Section {
  readonly name: SectionName
  readonly title: string
  readonly lines: Lines
}

export type SectionName =
  | 'goal'
  | 'done'
  | 'remains'
  | 'decisions'
  | 'constraints'
  | 'commitments'
  | 'questions'
  | 'known'
  | 'failed'
  | 'in_doubt'
  | 'changed'
  | 'first_action'

const MOST_GOAL = 2000

/** In the order in which they are read; those without a line are left away. */
export function sectionsOf(material: Material, settings: BriefSettings): readonly Section[] {
  const said = (items: readonly MemoryItem[]): Line[] =>
    items.flatMap((item) => [lineOf(item), ...groundLines(item, material)])
  const live = (...kinds: readonly ItemKind[]) => material.live.filter(({ kind }) => kinds.includes(kind))
  const of = (...kinds: readonly ItemKind[]): Line[] => said(live(...kinds))
  const all: readonly Section[] = [
    { name: 'goal', title: 'Goal', lines: goal(material) },
    { name: 'done', title: 'Done', lines: done(material) },
    { name: 'remains', title: 'What remains', lines: remains(material) },
    { name: 'decisions', title: 'Decisions that hold', lines: of('decision') },
    { name: 'constraints', title: 'Constraints', lines: of('constraint') },
    { name: 'commitments', title: 'Promised', lines: said(live('commitment').sort(byDue)) },
    { name: 'questions', title: 'Open questions', lines: [...of('question'), ...asked(material)] },
    { name: 'known', title: 'Known and assumed', lines: of('fact', 'preference', 'assumption', 'risk') },
    { name: 'failed', title: 'What did not work', lines: failed(material) },
    { name: 'in_doubt', title: 'In doubt: it may have happened', lines: inDoubt(material) },
    { name: 'changed', title: changedTitle(settings), lines: changed(material, settings) },
    { name: 'first_action', title: 'First safe action', lines: [{ text: firstAction(material) }] },
  ]
  return all.filter(({ lines }) => lines.length > 0)
}

/** An item as a section words it. */
export function lineOf(item: MemoryItem, section?: SectionName): Line {
  const { id, version } = item
  const word = section === 'changed' ? newsLine : section === 'failed' ? withdrawnLine : itemLine
  return { text: word(item), item: { id, version } }
}

/** Below an item: what it rests on that does not hold any more. */
const groundLines = ({ id }: MemoryItem, { flags }: Material): readonly Line[] =>
  flags.filter(({ item }) => item === id).map((flag) => ({ text: groundText(flag) }))

const groundText = ({ item, origin, status }: Grounds): string =>
  line(`Look again at ${item}: it rests on ${origin}, which is ${status}`)

function goal({ thread, runs: [run], scope }: Material): Line[] {
  const where = scope === '' ? '' : `, in ${scope}`
  if (thread) {
    const due = thread.dueAt ? `, due ${day(thread.dueAt, true)}` : ''
    const until = thread.until ? ` until ${day(thread.until, true)}` : ''
    const why = thread.because === undefined ? '' : `: ${thread.because}`
    return [
      { text: line(thread.goal) },
      { text: line(`Thread ${thread.id}${where}${due}; ${thread.state}${until}${why}`) },
    ]
  }
  if (!run) return []
  const { started, startedAt } = run.record
  const chapter = started && started.chapter > 1 ? `, chapter ${started.chapter}` : ''
  return [
    {
      text: `Task "${run.task}", version ${run.version}: ${run.run}${where}${chapter}, begun ${day(startedAt, true)}`,
    },
    { text: `Input: ${shown(started?.input, MOST_GOAL)}` },
  ]
}

/** Of a run its steps; of a thread its runs, and the steps of those that have not ended. */
function done({ thread, runs, unread }: Material): Lines {
  const before = unread > 0 ? [{ text: `${unread} earlier runs ended` }] : []
  const ofRuns = runs
    .filter(({ parent }) => !thread || parent === undefined)
    .flatMap(({ run, task, record, plan }): Lines[] => {
      const within = thread ? `${run} (${task}): ` : ''
      const { end } = record
      const ended = end?.status === 'done' ? [{ text: `${within || 'Ended with: '}${end.text}` }] : []
      if (thread && end) return [ended]
      const planned = plan.filter(({ doneAt }) => doneAt !== undefined)
      return [
        worded(record.done, (entry) => `${within}${entry.label}: ${entry.result()}`),
        worded(planned, ({ title, note }) =>
          line(`${within}Planned and done: ${title}${note === undefined ? '' : ` (${note})`}`),
        ),
        ended,
      ]
    })
  return joined([before, ...ofRuns])
}

function remains({ thread, runs, below, handoffs, questions }: Material): Line[] {
  const next = thread?.nextAction === undefined ? [] : [{ text: line(`Next: ${thread.nextAction}`) }]
  const waits = thread?.waitingOn === undefined ? [] : [{ text: line(`Waiting on ${thread.waitingOn}`) }]
  const ofRuns = [...runs, ...below]
    .filter(({ record }) => !record.end || record.end.status === 'halted')
    .flatMap((state) => {
      const who = runs.length === 1 && state === runs[0] && !thread ? '' : `${state.run} (${state.task}): `
      const planned = state.plan.filter(({ doneAt }) => doneAt === undefined)
      return [
        ...planned.map(({ id, title }) => ({ text: line(`${who}Planned: ${title} [${id}]`) })),
        ...state.waiting
          .filter(({ kind, name }) => kind !== 'in_doubt' && !isHandoff(kind, name))
          .map((one) => ({ text: line(`${who}${pendingLine(one, questions)}`) })),
        ...handoffs
          .filter(({ run }) => run === state.run)
          .map(({ to, reason, note }) => ({
            text: line(
              `${who}Waits to be taken over by ${to}: ${reason}${note === undefined ? '' : ` (${note})`}`,
            ),
          })),
        ...(state.record.end ? [{ text: `${who}Halted: ${state.record.end.text}` }] : []),
      ]
    })
  return [...next, ...waits, ...ofRuns]
}

function asked({ asked: questions }: Material): Line[] {
  return questions.map(({ reader, question }) => ({ text: line(`${reader} asks: ${question}`) }))
}

/** What is due first comes first; what has no date comes last. */
function byDue(a: MemoryItem, b: MemoryItem): number {
  const of = ({ dueAt }: MemoryItem) => dueAt?.getTime() ?? Infinity
  return of(a) === of(b) ? 0 : of(a) - of(b)
}

function failed({ thread, runs, replaced, withdrawn }: Material): Line[] {
  const earlier = replaced
    ? [{ text: line(`An earlier run, ${replaced.run}, ended as ${replaced.mode}: ${replaced.message}`) }]
    : []
  const ofRuns = runs.flatMap(({ run, task, record }) => {
    const within = thread ? `${run} (${task}): ` : ''
    const { end } = record
    const how =
      end && end.status !== 'done' && end.status !== 'halted'
        ? [{ text: `${thread ? within : 'The run '}${end.status}: ${end.text}` }]
        : []
    return [
      ...[...record.attempts.values()].map(({ label, n, error }) => ({
        text: `${within}${label}: ${n === 1 ? 'an attempt' : `${n} attempts`} failed: ${error}`,
      })),
      ...record.failed.map(({ label, error = '' }) => ({ text: `${within}${label} failed: ${error}` })),
      ...how,
    ]
  })
  const taken = withdrawn.filter(({ kind }) => kind === 'decision').map((item) => lineOf(item, 'failed'))
  return [...earlier, ...ofRuns, ...taken]
}

function inDoubt(material: Material): Line[] {
  return doubtsOf(material).map(({ run, label, because, at }) => ({
    text: line(
      `${label} of ${run}, begun ${day(at, true)}: ${because ?? 'its outcome is not on the record'}. Do not repeat it before it is settled.`,
    ),
  }))
}

function changedTitle({ since, reader }: BriefSettings): string {
  if (since === undefined) return 'Changed'
  if ('at' in since) return `Changed since ${day(since.at, true)}`
  return `Changed since ${reader === undefined ? '' : `${line(reader)} acknowledged `}${since.brief}`
}

/** News for a reader: what was decided and done after what the reader knows. */
export function changed(material: Material, { since }: BriefSettings): Line[] {
  if (since === undefined) return []
  const isNews = ({ stream, seq, at }: { stream: string; seq: number; at: number }): boolean =>
    'at' in since ? at > since.at : seq > (since.vector[stream] ?? 0)
  const { thread, runs, news, flagged, subject } = material
  const ofThread =
    thread && isNews({ stream: `thread:${subject}/`, seq: thread.version, at: thread.recordedAt.getTime() })
      ? [
          {
            text: line(
              `The thread is ${thread.state}, says ${thread.author}${thread.because === undefined ? '' : `: ${thread.because}`}`,
            ),
          },
        ]
      : []
  const items = news.map(({ id, version, ...item }) => ({
    text: newsLine({ id, version, ...item }),
    item: { id, version },
  }))
  return [
    ...ofThread,
    ...items,
    ...flagged.map((flag) => ({ text: groundText(flag) })),
    ...runs.flatMap((state) => runNews(state, isNews, thread !== undefined)),
  ]
}

function runNews(
  { run, task, record }: RunState,
  isNews: (at: { stream: string; seq: number; at: number }) => boolean,
  isOfThread: boolean,
): Line[] {
  const within = isOfThread ? `${run} (${task}): ` : ''
  // They are in the order of the record: what is news is at the end.
  const from = record.done.findLastIndex((entry) => !isNews(entry)) + 1
  const did = record.done.length - from
  return [
    ...(did > 0
      ? [
          {
            text: `${within}${did} ${did === 1 ? 'step' : 'steps'} done, the last "${record.done.at(-1)?.label ?? ''}"`,
          },
        ]
      : []),
    ...record.failed
      .filter(isNews)
      .map(({ label, error = '' }) => ({ text: `${within}${label} failed: ${error}` })),
    ...(record.end && isNews(record.end)
      ? [{ text: `${within}${isOfThread ? '' : 'the run '}ended as ${record.end.status}` }]
      : []),
  ]
}
