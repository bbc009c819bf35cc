/**
 * Does this code still carry that record?
 *
 * The body runs against the recorded outcomes alone: no effect is performed, nothing is written, no time passes. What it asks for
 * that is not on the record stays open, unless the test gives it an outcome: nobody else can say what it would be.
 */
import { featuresOf } from '../app/features.ts'
import { idsBy } from '../app/index.ts'
import { isErased, systemClock, type Committed, type Log, type StoredEvent } from '../log/index.ts'
import {
  contextFor,
  Generation,
  Mailbox,
  read,
  RunErased,
  events as runEvents,
  watchAmbient,
  type AmbientUse,
} from '../run/index.ts'
import type { AnyTask } from '../task/index.ts'
import { GivenHistory, type Given } from './given.ts'

export interface Replayed {
  /** The code reaches everything that was recorded, the same way. */
  readonly ok: boolean
  /** Where it does not: the step, how it was recorded, how it is reached now. */
  readonly diverged:
    | { readonly step: string; readonly recorded: string; readonly reached: string; readonly message: string }
    | undefined
  /** Recorded outcomes this code does not ask for, as far as the record goes: steps it lost. */
  readonly unclaimed: readonly string[]
  /** Recorded outcomes it may yet ask for, but is held up before: it diverged, or gained an operation. Give that an outcome to know. */
  readonly notReached: readonly string[]
  /** Operations this code performs that are not on the record: steps it gained, or where the record ends. */
  readonly gained: readonly string[]
  /** Uses of time and chance in the body that a replay cannot repeat. */
  readonly ambient: readonly AmbientUse[]
}

export interface ReplayOptions {
  /** Outcomes of operations the code gained, by name: what the body would be given. */
  readonly given?: Given
}

/** A body in plain awaits is given so many turns of the event loop. */
const TURNS = 200

/**
 * Replays a history on a task's code.
 *
 * @param history the events of one chapter of a run, such as `run.history()` gives
 * @example
 * const verdict = await replay(run.history(), reviewAsItIsNow)
 * expect(verdict.ok).toBe(true)
 * @throws {NotSerializable} if something `given` cannot be an outcome @throws {RunErased}
 */
export async function replay(
  history: Iterable<StoredEvent> | AsyncIterable<StoredEvent>,
  task: AnyTask,
  options: ReplayOptions = {},
): Promise<Replayed> {
  const recorded = lastChapter(await Array.fromAsync(history))
  const gone = recorded.find(isErased)
  if (gone) throw new RunErased(runEvents.runOfStream(gone.stream))
  const past = new GivenHistory(recorded, options.given ?? {})
  let diverged: Replayed['diverged']
  const log = silentLog((change) => {
    for (const event of change.appends.flatMap((append) => append.events)) {
      // One that the record ends with as well is how it was, not where it parts.
      if (
        event.kind === runEvents.runHalted.name &&
        read(runEvents.runHalted, event as StoredEvent).mode !== past.halted?.mode
      )
        diverged = divergence(event as StoredEvent)
    }
  })
  const generation = new Generation({
    surroundings: {
      log,
      clock: { now: () => systemClock.now(), at: () => () => {} },
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      newId: idsBy(systemClock),
      random: () => 0,
      wake: () => {},
      features: featuresOf(),
      rested: () => {},
      released: () => {},
      held: () => undefined,
      attach: () => {},
      limits: { lingerMs: Number.MAX_SAFE_INTEGER, stalledMs: Number.MAX_SAFE_INTEGER },
      isDevelopment: false,
      isStrict: false,
    },
    task,
    stream: past.started.run,
    epoch: 1,
    history: past,
    mailbox: new Mailbox(log, past.started.run),
    lingerMs: Number.MAX_SAFE_INTEGER,
    closed: () => {},
    late: () => {},
  })
  let hasEnded = false
  const ambient: AmbientUse[] = []
  const unwatch = watchAmbient((use) => ambient.push(use))
  try {
    const ctx = contextFor(generation, generation.root)
    const body = async (): Promise<unknown> => task.run(ctx, past.started.input as never)
    generation.start(() => body().finally(() => (hasEnded = true)), { onlyReplay: true })
    for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
  } finally {
    unwatch()
  }
  const left = past.unclaimed()
  const isHeldUp = diverged !== undefined || (!hasEnded && [...past.gained.values()].includes('open'))
  return {
    ok: diverged === undefined && left.length === 0,
    diverged,
    unclaimed: isHeldUp ? [] : left,
    notReached: isHeldUp ? left : [],
    gained: [...past.gained.keys()],
    ambient,
  }
}

function lastChapter(events: readonly StoredEvent[]): StoredEvent[] {
  const first = events.findLastIndex((event) => event.kind === runEvents.runStarted.name)
  return events.slice(Math.max(0, first))
}

function divergence(event: StoredEvent): Replayed['diverged'] {
  const { e } = read(runEvents.runHalted, event)
  const data = (e instanceof Error && 'data' in e ? e.data : {}) as {
    readonly step?: string
    readonly recorded?: string
    readonly reached?: string
  }
  return {
    step: String(data.step),
    recorded: String(data.recorded),
    reached: String(data.reached),
    message: e instanceof Error ? e.message : String(e),
  }
}

/** A log in which nothing is and to which nothing comes; a commit is told to `heard` and never answered. */
function silentLog(heard: (change: Parameters<Log['commit']>[0]) => void): Log {
  const never = () => new Promise<Committed>(() => {})
  const log: Partial<Log> = {
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    commit(change) {
      heard(change)
      return never()
    },
    select: () => Promise.resolve([]),
    eventsAt: () => Promise.resolve([]),
  }
  return log as Log // a generation that only replays asks for no more
}
