/**
 * Briefs, acknowledgements and handoffs that rest on what is erased.
 *
 * B1. Of a run that loses its record, all of them go.
 * B2. Of another run or thread, briefs and acknowledgements go, and handoffs that are over: their digests are of words that are erased.
 *     One that is open stays, for somebody waits for it; what it says is on the run's own record too, where it would have been found.
 */
import { decode, type Log, type Places, type Seq, type StoredEvent } from '../../log/index.ts'
import type { Asked } from './asked.ts'
import { namesUnder } from './names.ts'

export interface BriefsToGo {
  readonly subjects: readonly string[]
  readonly handoffs: readonly string[]
  readonly whole: readonly string[]
  readonly places: Places
}

/** As continuity names them. */
const BRIEFS = 'brief:'
const OFFERED = 'handoff.offered'
const OVER = ['handoff.taken', 'handoff.withdrawn']

export async function briefsOf(
  log: Log,
  asked: Asked,
  items: ReadonlySet<string>,
  runs: ReadonlySet<string>,
): Promise<BriefsToGo> {
  const going = {
    subjects: [] as string[],
    handoffs: [] as string[],
    whole: [] as string[],
    places: {} as Record<string, [Seq, Seq][]>,
  }
  for await (const stream of namesUnder(log, BRIEFS)) {
    const subject = stream.slice(BRIEFS.length, -1)
    const recorded = (await Array.fromAsync(log.read(stream))).flat().filter(({ body }) => body !== undefined)
    if (!runs.has(subject) && !recorded.some((event) => restsOn(event, asked, items, runs))) continue
    going.subjects.push(subject)
    const handoffs = recorded.filter(({ kind }) => kind === OFFERED).map(handoffOf)
    const over = new Set(recorded.filter(({ kind }) => OVER.includes(kind)).map(handoffOf))
    if (runs.has(subject)) {
      going.whole.push(stream)
      going.handoffs.push(...handoffs)
      continue
    }
    going.handoffs.push(...over)
    going.places[stream] = recorded
      .filter((event) => !event.kind.startsWith('handoff.') || over.has(handoffOf(event)))
      .map(({ seq }) => [seq, seq])
  }
  return going
}

function restsOn(
  { kind, body = '', actor }: StoredEvent,
  { of, name }: Asked,
  items: ReadonlySet<string>,
  runs: ReadonlySet<string>,
): boolean {
  if (kind === OFFERED) return false
  return [...items, ...runs].some((id) => body.includes(id)) || (of === 'person' && actor === name)
}

const handoffOf = ({ body }: StoredEvent): string =>
  String((decode(body) as { readonly handoff?: unknown }).handoff)
