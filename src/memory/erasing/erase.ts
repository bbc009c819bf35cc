/**
 * `tl.memory.erase`: what is kept of a subject, of a person or in an item goes for good, and with it the record of whoever knew it.
 *
 * E1. Looked for, erased, and looked for again in what was recorded meanwhile, until nothing is found.
 * E2. An item keeps its id, its kind, its versions and their times.
 */
import { GuardFailed, type Log } from '../../log/index.ts'
import { askedOf, type EraseOptions, type EraseWhat } from './asked.ts'
import { planOf, type Plan } from './plan.ts'
import { Traces } from './traces.ts'

export interface Erasure {
  /** What the record knows it by; several where it took several. Empty where there was nothing, and for a dry run. */
  readonly ids: readonly string[]
  readonly items: readonly string[]
  readonly versions: number
  /** Whose record went. */
  readonly runs: readonly string[]
  /** Runs and threads whose briefs and acknowledgements went. */
  readonly briefs: readonly string[]
  readonly events: number
  readonly blobs: number
  /** Of what was said. */
  readonly bytes: number
  /**
   * `pending`: it can be read by nobody, but its bytes are still in the store, for a reader holds on to them; they go by themselves.
   * `dry_run`: nothing was erased.
   */
  readonly state: 'done' | 'pending' | 'dry_run'
}

/** Others were quicker so often: then it is said instead of tried again. */
const TRIES = 20

/** @throws {BadErasure} @throws {ItemNotFound} */
export async function erase(
  log: Log,
  newId: (prefix: string) => string,
  what: EraseWhat,
  options: EraseOptions,
): Promise<Erasure> {
  const asked = askedOf(what, options)
  const { by, because, of } = asked
  const isDryRun = options.dryRun ?? false
  const [traces, readers] = [new Traces(asked), new Map<string, Set<string>>()]
  const sum = {
    ids: [] as string[],
    items: new Set<string>(),
    runs: new Set<string>(),
    briefs: new Set<string>(),
  }
  let [versions, events, blobs, bytes] = [0, 0, 0, 0]
  let state: Erasure['state'] = 'done'
  for (let [from, tried] = [0, 1]; ;) {
    const plan = await planOf(log, asked, { traces, readers, from })
    if (isNothing(plan)) break
    const id = newId('erasure')
    const { places, whole, left, unless } = plan
    try {
      const erased = await log.erase({ id, by, because, of, places, whole, left, unless, isDryRun })
      events += erased.events
      blobs += erased.blobs
      bytes += erased.bytes
      state = erased.state
    } catch (error) {
      if (!(error instanceof GuardFailed) || ++tried > TRIES) throw error
      continue
    }
    versions += plan.versions
    for (const item of plan.items) sum.items.add(item)
    for (const run of plan.runs) sum.runs.add(run)
    for (const brief of plan.left['briefs'] ?? []) sum.briefs.add(String(brief))
    if (isDryRun) break
    sum.ids.push(id)
    from = plan.upTo
  }
  return {
    ids: sum.ids,
    items: [...sum.items],
    versions,
    runs: [...sum.runs],
    briefs: [...sum.briefs],
    events,
    blobs,
    bytes,
    state: isDryRun ? 'dry_run' : state,
  }
}

const isNothing = ({ places, whole }: Plan): boolean => whole.length === 0 && Object.keys(places).length === 0
