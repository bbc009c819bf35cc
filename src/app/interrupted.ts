/**
 * What is looked at when a process becomes the one that carries runs: what its predecessor left.
 *
 *     running ─────────────────▶ woken at once
 *     waiting for code we have ▶ woken at once
 *     put to rest lately ──────▶ the newest at once, the others a few at a time
 *
 * The last are runs that may have been in an await no record shows. Nearly all of them have nothing to do, and there may be ten
 * thousand: looking at all of them at once would keep waiting whoever has something to do, and fill the memory.
 *
 * I1. Lately is before the last word of whoever carried runs, however long ago that was, and whatever clients wrote since.
 * I2. That there is something to be looked at is recorded before anything else is, and that it has been, afterwards: a process that
 *     goes in the middle of it leaves the rest to the next.
 *
 * What this process has no code for is among the running: nobody else carries it now, and so it waits, visibly. That is recorded once.
 */
import { bodyOf, eventOf, kind, type Clock, type Log, type Query, type StoredEvent } from '../log/index.ts'
import { events, type Carrier, type Registry } from '../run/index.ts'

/** A body in a plain await may have been at rest on the record for this long and still be at work. */
const LINGERS_MS = 60_000
const AT_ONCE = 20
const THEN = 2
const EVERY_MS = 100

export const CARRYING_STREAM = 'carrying'
const looking = kind<{ readonly since: number }>('carrying.looking')
const looked = kind<undefined>('carrying.looked')

export interface Left {
  readonly log: Log
  readonly registry: Registry
  readonly clock: Clock
  readonly lingerMs: number
  readonly carrier: Carrier
  /** Answers of an earlier try, which the store did not let come to an end; nobody else carries runs meanwhile. */
  readonly answers: Map<string, unknown>
}

/** Asks unless an earlier try was answered. */
type Once = <T>(what: string, ask: () => Promise<T>) => Promise<T>

/** What was found, and how it is looked at. */
export interface Interrupted {
  /** Returns what ends looking. */
  readonly wake: (wake: (runId: string) => void) => () => void
}

/** Finds what was under way when the last owner went. To be asked before this process writes anything else. */
export async function interrupted(left: Left): Promise<Interrupted> {
  const { log, registry, clock, lingerMs, carrier, answers } = left
  const once: Once = async <T>(what: string, ask: () => Promise<T>) => {
    if (!answers.has(what)) answers.set(what, await ask())
    return answers.get(what) as T // what the same question was answered
  }
  const select = (where: NonNullable<Query['where']>) =>
    once(JSON.stringify(where), async () => {
      const rows = await log.select('runs', { where, columns: ['run'], order: [{ desc: 'updated_at' }] })
      return rows.map((row) => String(row['run']))
    })
  const found = [...(await select({ status: 'running' }))]
  for (const { name, versions } of registry.carried())
    found.push(
      ...(await select({ status: 'waiting', waiting_for: 'task', task: name, version: { in: versions } })),
    )
  const open = await once('open', () => openLook(log))
  const lastWord = await lastWordAt(log, once)
  const since = Math.min(open ?? Infinity, lastWord - Math.max(lingerMs, LINGERS_MS))
  // One that waits for code is not among them: without that code nobody can look, and with it it was found above.
  const where = { status: 'waiting', waiting_for: { not: 'task' }, updated_at: { gte: since } }
  const resting = [...(await select(where))]
  if (resting.length > 0 && open !== since) await note(log, eventOf(looking, { since }))
  const isOpen = resting.length > 0 || open !== undefined
  return {
    wake(wake) {
      for (const run of found) wake(run)
      let [isOver, stop] = [false, () => {}]
      const looks: Promise<void>[] = []
      const look = (count: number) => {
        for (const run of resting.splice(0, count)) looks.push(carrier.advance(run))
      }
      const goOn = () => {
        if (resting.length > 0) {
          stop = clock.at(clock.now() + EVERY_MS, () => (look(THEN), goOn()))
          return
        }
        // Should the store refuse it, the next process looks once more.
        const markLooked = () => (isOver ? undefined : note(log, eventOf(looked, undefined)))
        if (isOpen)
          void Promise.all(looks)
            .then(markLooked, () => {})
            .catch(() => {})
      }
      look(AT_ONCE)
      goOn()
      return () => {
        isOver = true
        stop()
      }
    },
  }
}

async function note(log: Log, event: ReturnType<typeof eventOf>): Promise<void> {
  await log.commit({ appends: [{ stream: CARRYING_STREAM, expected: 'any', events: [event] }] })
}

/** Since when a process that went had not looked yet; undefined: all that began to look came to an end of it. */
async function openLook(log: Log): Promise<number | undefined> {
  const head = await log.head(CARRYING_STREAM)
  if (!head) return undefined
  for await (const page of log.read(CARRYING_STREAM, head.seq)) {
    const last = page.at(-1)
    if (last?.kind === looking.name) return bodyOf(looking, last).since
  }
  return undefined
}

/** Nearly always the last event is a carrier's; bodies may be large. */
const FIRST_BACK = 8
const AT_A_TIME = 256
const MOST_BACK = 20_000

/** When somebody who carries runs last wrote something. What is too far back counts as written then. */
async function lastWordAt(log: Log, once: Once): Promise<number> {
  const tip = await once('tip', () => log.position())
  let at = 0
  let count = FIRST_BACK
  for (let to = tip; to > Math.max(0, tip - MOST_BACK); to -= count, count = Math.min(AT_A_TIME, 2 * count)) {
    const { word, oldest } = await once(`back from ${to}`, async () => {
      const positions = Array.from({ length: Math.min(count, to) }, (_, i) => to - i)
      const found = await log.eventsAt(positions)
      return { word: found.find(isCarriers)?.at, oldest: found.at(-1)?.at }
    })
    if (word !== undefined) return word
    at = oldest ?? at
  }
  return at
}

/** Anybody may start a run, or send to one; what else is on the streams of runs, a carrier wrote. */
function isCarriers({ kind: of, stream }: StoredEvent): boolean {
  return of.startsWith('run.')
    ? of !== events.runStarted.name
    : CARRIED.test(of) && !stream.endsWith('/inbox')
}

const CARRIED = /^(?:step|sleep|wait|call|spawn|race|keep)\./
