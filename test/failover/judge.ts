/** What the record says of a round: outcomes that are there twice, effects in doubt, and when runs of a dead worker went on. */
import { open, type StoredEvent } from 'throughline'
import { linesOf } from '../crash/ledger.ts'
import { ENDS, OUTCOMES } from '../simulate/record.ts'
import { takeDoubles } from './table.ts'
import type { Site } from './site.ts'
import { fileIn } from './tasks.ts'

export interface Fault {
  /** By the clock of the server's machine. */
  readonly at: number
  /** Whom it befell, as `run.claimed` names them; everybody, if it is the server. */
  readonly victims: readonly string[] | 'all'
  /** The victim went on for a while and could not know: an effect of each of its runs may have been under way when it was given up. */
  readonly isGradual?: boolean
}

export interface Judged {
  readonly duplicated: readonly string[]
  readonly inDoubt: number
  /** Effects of the victims that had begun and were not on record as ended. */
  readonly openAtFault: number
  /** For runs of victims that were at work: how long until somebody else took them over. */
  readonly movedAfterMs: readonly number[]
  readonly effectsTwice: readonly string[]
  /** Rows that are in the table twice, since the round before. */
  readonly bookedTwice: readonly string[]
  readonly breaks: readonly string[]
}

/** What is on its way to the record when a fault strikes may still arrive. */
const ON_ITS_WAY_MS = 300

export async function judge(
  site: Site,
  folder: string,
  runs: ReadonlySet<string>,
  faults: readonly Fault[],
): Promise<Judged> {
  await using tl = await open({ store: site.store, worker: false })
  const found = { duplicated: [] as string[], inDoubt: 0, openAtFault: 0, movedAfterMs: [] as number[] }
  const isOurs = (run: string, parent: unknown) => runs.has(run) || runs.has(String(parent))
  const rows = await tl.log.select('runs', { columns: ['run', 'parent'] })
  for (const row of rows) {
    const run = String(row['run'])
    if (!isOurs(run, row['parent'])) continue
    const events = await Array.fromAsync(tl.history(run))
    found.duplicated.push(...duplicatesOf(events))
    found.inDoubt += events.filter(({ kind }) => kind === 'step.in_doubt').length
    for (const fault of faults) {
      if (!befell(events, fault)) continue
      found.openAtFault += Math.max(openAt(events, fault.at), fault.isGradual ? 1 : 0)
      const movedAfterMs = movedAfter(events, fault)
      if (movedAfterMs !== undefined) found.movedAfterMs.push(movedAfterMs)
    }
  }
  const keys = linesOf(fileIn(folder)).map(({ key }) => key)
  const twice = keys.filter((key, i) => keys.indexOf(key) !== i)
  const { breaks } = await tl.verify()
  return {
    ...found,
    effectsTwice: twice,
    bookedTwice: await takeDoubles(site.database),
    breaks: breaks.map(({ stream, seq, reason }) => `${stream} ${seq}: ${reason}`),
  }
}

/** How many runs that have not ended each worker took over last, by its name. */
export async function carriedBy(site: Site): Promise<ReadonlyMap<string, number>> {
  await using tl = await open({ store: site.store, worker: false })
  const counts = new Map<string, number>()
  for (const { run } of await tl.log.select('runs', { where: { ended_at: null }, columns: ['run'] })) {
    const claim = (await Array.fromAsync(tl.history(String(run)))).findLast(
      ({ kind }) => kind === 'run.claimed',
    )
    if (claim) counts.set(byOf(claim), (counts.get(byOf(claim)) ?? 0) + 1)
  }
  return counts
}

function* duplicatesOf(events: readonly StoredEvent[]): Generator<string> {
  const seen = new Set<string>()
  for (const { kind, stream, name, ordinal } of events) {
    const operation = `${stream} ${name ?? ''}#${ordinal ?? 1}`
    if (kind === 'wait.returned') seen.delete(operation)
    const key = OUTCOMES.has(kind) ? operation : ENDS.has(kind) ? `${stream} end` : undefined
    if (key !== undefined && seen.has(key)) yield key
    if (key !== undefined) seen.add(key)
  }
}

/** Whether a victim carried the run at the time. */
function befell(events: readonly StoredEvent[], { at, victims }: Fault): boolean {
  const claim = events.findLast((event) => event.kind === 'run.claimed' && event.at <= at + ON_ITS_WAY_MS)
  return claim !== undefined && (victims === 'all' || victims.includes(byOf(claim)))
}

const byOf = ({ body }: StoredEvent): string => (JSON.parse(body ?? '{}') as { readonly by: string }).by // run.claimed

/** Effects whose intent is on record by then, and whose outcome is not. */
function openAt(events: readonly StoredEvent[], at: number): number {
  const intents = events.filter(
    ({ kind, at: intended }) => kind === 'step.intended' && intended <= at + ON_ITS_WAY_MS,
  )
  const hasEnded = (intent: StoredEvent) =>
    events.some(
      ({ kind, name, at: ended, seq }) =>
        kind.startsWith('step.') &&
        kind !== 'step.intended' &&
        name === intent.name &&
        seq > intent.seq &&
        ended < at,
    )
  return intents.filter((intent) => !hasEnded(intent)).length
}

/** Of a run that was at work: how long until another took it over. */
function movedAfter(events: readonly StoredEvent[], { at, victims }: Fault): number | undefined {
  if (victims === 'all') return undefined
  const last = events.findLast((event) => event.at <= at)
  const isAtWork = last !== undefined && last.kind !== 'run.suspended' && !ENDS.has(last.kind)
  const taken = events.find(
    (event) => event.kind === 'run.claimed' && event.at > at && !victims.includes(byOf(event)),
  )
  return isAtWork && taken ? taken.at - at : undefined
}
