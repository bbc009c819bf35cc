/**
 * One batch, one statement, one flush: the only code that adds events.
 *
 * W1. A change goes in whole or not at all; a refused one leaves its neighbours in the batch alone.
 * W2. An owner's append compares epoch, seq and hash with the head it last wrote. (UNIQUE(stream, seq) is no fence: a zombie's
 *     second event got in after its first was refused; comparing seq and hash alone let the zombie win.)
 * W3. Heads of other streams are remembered too, and believed until the database says otherwise: then the change is sealed anew
 *     upon what it said, and sent again, in the same order.
 * W4. A batch that the database itself has not answered is looked for before anything else is done (fate.ts). What is on the record was
 *     committed; what is not is sent again, upon the heads it was made for. Nothing of unknown fate is ever answered, or sent twice.
 * W5. Who was once refused as an owner stays refused in that epoch, whatever head it comes upon next.
 */
import { ThroughlineError } from '../../errors.ts'
import type { Change, Projection } from '../../log/index.ts'
import type { Outcome } from '../outcome.ts'
import type { StreamHead as Head } from '../stream-head.ts'
import { appendedIn, appendOf, appendStatement, type Appending } from './append-function.ts'
import { Batch, type Judged, type Prepared } from './batch.ts'
import { Bodies, DomainUnknown, type Domain } from './bodies.ts'
import { PATIENCE_MS, type Statement, type Values } from './connection.ts'
import { codeOf, fromDriver, isAnswer, isLost, mayPass } from './errors.ts'
import { fateOf, headsAfter } from './fate.ts'
import { findDomain, readHeads, unknownIn } from './known.ts'
import type { Line } from './line.ts'
import { ANSWER, answerOf, parametersOf, sameHead, type Answer, type Sent } from './parameters.ts'
import { pauseMs, sleep } from './pause.ts'
import type { Rows } from './rows.ts'
import type { StoreClock } from './store-clock.ts'
import { fromStore, quote, toStore } from './text.ts'
import { HALFWAY, PARAMETERS } from './write-function.ts'

/** What became of a change, or why nobody can say so of it. */
export type Settled = Outcome | { readonly failed: unknown }

export interface WriterOptions {
  readonly line: Line
  readonly schema: string
  readonly shown: string
  readonly rows: Rows
  readonly projections: readonly Projection[]
  readonly clock: StoreClock
  readonly channel: string
  /** What tells commits of this writer from others'. */
  readonly name: string
  /** Which making of the views this program's rows are for. @throws {StoreNewer} */
  readonly readViews: (ask: (statement: Statement) => Promise<readonly Values[]>) => Promise<number>
}

interface Asked {
  readonly nr: number
  readonly change: Change
}

const MOST_HEADS = 50_000
const MOST_ROUNDS = 500
/** What runs do by themselves is told so often, and the last of it found by looking: telling costs every commit of the database a lock. */
const TELL_EVERY_MS = 100

export class Writer {
  readonly #options: WriterOptions
  readonly #projections = new Map<string, Projection[]>()
  readonly #heads = new Map<string, Head>()
  /** Streams whose owner turned out to be none, and in which epoch. */
  readonly #lost = new Map<string, number>()
  readonly #domains = new Map<string, Domain>()
  readonly #write: Statement
  readonly #append: Statement
  #toldAt = -Infinity
  #views: number | undefined
  readonly #closing = Promise.withResolvers<void>()
  #isClosing = false
  /** For the batch that is sent again because a row refused a change half-way. */
  #isCareful = false

  constructor(options: WriterOptions) {
    this.#options = options
    for (const projection of options.projections) {
      if (projection.mode !== 'inline') continue
      for (const kind of projection.kinds)
        this.#projections.set(kind, [...(this.#projections.get(kind) ?? []), projection])
    }
    this.#append = appendStatement(options.schema)
    const numbered = Object.values(PARAMETERS).map((type, i) => `$${i + 1}::${type}`)
    this.#write = {
      name: 'write_1',
      text: `SELECT ${ANSWER} FROM ${quote(options.schema)}.write_1(${numbered.join(', ')})`,
    }
  }

  /** Writes a batch, and says of each change what became of it, in the order they were given. */
  async write(changes: readonly Change[]): Promise<readonly Settled[]> {
    const settled: Settled[] = []
    let asked: readonly Asked[] = changes.map((change, nr) => ({ nr, change }))
    const until = performance.now() + PATIENCE_MS
    for (let round = 1, failures = 0; asked.length > 0; round++) {
      try {
        if (round > MOST_ROUNDS) throw new Error('The heads of a batch never came to fit.')
        asked = await this.#round(asked, settled)
        failures = 0
      } catch (error) {
        const isWorthTrying =
          (isLost(error) || mayPass(error)) && performance.now() < until && !this.#isClosing
        if (isWorthTrying) {
          await sleep(pauseMs(++failures))
          continue
        }
        if (asked.length > 1 && !isLost(error) && !mayPass(error)) {
          // One of them may be at fault: each alone.
          for (const one of asked)
            settled[one.nr] ??= (await this.write([one.change]))[0] ?? { failed: error }
          return settled
        }
        for (const one of asked) settled[one.nr] ??= { failed: fromDriver(error, this.#options.shown) }
        return settled
      }
    }
    return settled
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#closing.resolve()
    await this.#options.line.close()
  }

  /** Writes what it can of what is asked; what is left has to be asked again. */
  async #round(asked: readonly Asked[], settled: Settled[]): Promise<readonly Asked[]> {
    const { line, schema, rows, clock } = this.#options
    const ask = (statement: Statement) => line.ask(statement)
    const unknown = unknownIn(asked, this.#heads)
    // A connection first: the clock is reckoned from what it says.
    const read =
      unknown.size > 0 || this.#views === undefined
        ? await readHeads(ask, schema, unknown)
        : new Map<string, Head>()
    this.#views ??= await this.#options.readViews(ask)
    for (const [stream, head] of read) this.#heads.set(stream, head)
    const bodies = new Bodies(this.#domains)
    const around = { rows, bodies, projections: this.#projections, heads: this.#heads }
    const batch = new Batch(around, clock.now())
    const ready: (Asked & { readonly prepared: Prepared })[] = []
    const hanging: (Asked & { readonly outcome: Outcome; readonly hangsOn: string })[] = []
    for (const one of asked) {
      const lost = this.#lost.size > 0 ? this.#lostBefore(one.change) : undefined
      const judged: Judged | { readonly failed: unknown } =
        lost === undefined ? await this.#prepare(batch, one.change) : lostTo(lost)
      if ('failed' in judged) settled[one.nr] = judged
      else if ('outcome' in judged && judged.hangsOn !== undefined)
        hanging.push({ ...one, outcome: judged.outcome, hangsOn: judged.hangsOn })
      else if ('outcome' in judged) settled[one.nr] = judged.outcome
      else ready.push({ ...one, prepared: judged })
    }
    if (ready.length === 0) return []
    const left = await this.#send(ready, { at: batch.at, bodies }, settled)
    const again = hanging.filter(({ nr, outcome, hangsOn }) => {
      const before = ready.filter(
        (one) => one.nr < nr && one.prepared.moves.some(({ stream }) => stream === hangsOn),
      )
      const stands = before.every((one) => isAccepted(settled[one.nr]))
      if (stands) settled[nr] = outcome
      return !stands
    })
    return [...again, ...left].toSorted((a, b) => a.nr - b.nr)
  }

  async #prepare(batch: Batch, change: Change): Promise<Judged | { readonly failed: unknown }> {
    for (;;) {
      try {
        return batch.prepare(change)
      } catch (error) {
        if (!(error instanceof DomainUnknown)) return { failed: error } // a projection's own
        const { line, schema } = this.#options
        this.#domains.set(
          error.domain,
          await findDomain((statement) => line.ask(statement), schema, error.domain),
        )
      }
    }
  }

  async #send(
    ready: readonly (Asked & { readonly prepared: Prepared })[],
    { at, bodies }: { readonly at: number; readonly bodies: Bodies },
    settled: Settled[],
  ): Promise<readonly Asked[]> {
    const { line, clock, name } = this.#options
    const nrs = new Map(ready.map((one) => [one.prepared, one]))
    const batch = ready.map((one) => one.prepared)
    await line.connected()
    const sentAt = performance.now()
    const around = {
      at,
      isByHand: clock.isByHand,
      views: this.#views ?? 0,
      channel: this.#channelFor(batch, sentAt),
      payload: name,
    }
    let sent: Sent
    let answer: Answer
    try {
      if (await this.#sendAlone(ready, around, settled)) return []
      sent = parametersOf({
        ...around,
        prepared: batch,
        blobs: bodies.blobs,
        isCareful: this.#isCareful,
        nameOf: (sql) => line.nameOf(sql),
      })
      const [row] = await line.ask({ ...this.#write, values: sent.values }, sent.statements)
      if (!row) throw new Error('The database gave no answer to a write.')
      answer = answerOf(row)
    } catch (error) {
      if (!isAnswer(error)) {
        const left = await this.#find(ready, at, settled)
        if (isLost(error) || left.length === 0) return left
        throw error // it would go wrong again
      }
      if (codeOf(error) !== HALFWAY) throw error
      this.#isCareful = true
      return ready
    }
    this.#isCareful = false
    clock.learn(sentAt, answer.clock, answer.status === 'late')
    if (answer.status === 'late') {
      clock.newest = Math.max(clock.newest, answer.newest)
      if (answer.views !== this.#views) this.#views = undefined
      return ready
    }
    clock.newest = at
    return this.#settle(sent, answer, at, (prepared, outcome) => {
      const one = nrs.get(prepared)
      if (one && outcome) settled[one.nr] = outcome
      return one
    })
  }

  /** A step of a run that is alone has a shorter way. Whether it was written. */
  async #sendAlone(
    ready: readonly (Asked & { readonly prepared: Prepared })[],
    around: Appending,
    settled: Settled[],
  ): Promise<boolean> {
    const values = appendOf(
      ready.map(({ prepared }) => prepared),
      around,
    )
    const [one] = ready
    if (!values || !one) return false
    const { line, clock } = this.#options
    const sentAt = performance.now()
    const [row] = await line.ask({ ...this.#append, values })
    const appended = appendedIn(row)
    if (!appended) return false
    clock.learn(sentAt, appended.clock, false)
    clock.newest = around.at
    this.#accept(one.prepared)
    settled[one.nr] = { at: around.at, firstSeq: one.prepared.firstSeq, position: appended.first }
    return true
  }

  /** Where others are told of a batch; nowhere, if it is one of many that only say how runs go on. */
  #channelFor(batch: readonly Prepared[], now: number): string | null {
    if (now - this.#toldAt < TELL_EVERY_MS && batch.every(({ isPlain }) => isPlain)) return null
    this.#toldAt = now
    return this.#options.channel
  }

  #settle(
    sent: Sent,
    answer: Answer,
    at: number,
    tell: (prepared: Prepared, outcome?: Outcome) => Asked | undefined,
  ): readonly Asked[] {
    const stale: Prepared[] = []
    let position = answer.first - 1
    // Events of one head follow each other, whichever change they came with.
    const plain = sent.plain
      .map((prepared, i) => ({ prepared, head: sent.plainHeads[i] ?? 0 }))
      .toSorted((a, b) => a.head - b.head)
    for (const { prepared, head } of plain) {
      if (answer.plainStale.has(head)) {
        stale.push(prepared)
        continue
      }
      position += prepared.events.length
      this.#accept(prepared)
      tell(prepared, { at, firstSeq: prepared.firstSeq, position })
    }
    const ids = new Map(sent.streams.map((stream, i) => [stream, answer.made[i] ?? 0]))
    let operations = 0
    for (const [i, prepared] of sent.others.entries()) {
      const refused = answer.refused[i] ?? 0
      if (answer.stale[i]) stale.push(prepared)
      else if (refused > 0) tell(prepared, refusalOf(prepared, refused - operations))
      else {
        position += prepared.events.length
        this.#accept(prepared, ids)
        tell(prepared, { at, firstSeq: prepared.firstSeq, position })
      }
      operations += prepared.guards.length + prepared.rows.length
    }
    const left = stale.flatMap((prepared) => {
      const lost = this.#lostIn(prepared, answer)
      const one = tell(prepared, lost === undefined ? undefined : lostTo(lost).outcome)
      return one && lost === undefined ? [one] : []
    })
    for (const prepared of stale) for (const { stream } of prepared.moves) this.#heads.delete(stream)
    for (const [name, head] of answer.heads)
      this.#heads.set(fromStore(name), { ...head, tenant: fromStore(head.tenant) })
    if (this.#heads.size > MOST_HEADS) this.#heads.clear()
    return left
  }

  #accept(prepared: Prepared, made: ReadonlyMap<string, number> = new Map()): void {
    for (const { stream, after } of prepared.moves)
      this.#heads.set(stream, after.id === 0 ? { ...after, id: made.get(stream) ?? 0 } : after)
  }

  /** An owner finds its stream moved, in its own epoch, by somebody who was not this writer (W2). */
  #lostIn(prepared: Prepared, answer: Answer): string | undefined {
    for (const { stream, expected } of prepared.change.appends) {
      if (typeof expected !== 'object' || !('epoch' in expected) || 'new' in expected) continue
      const [believed, found] = [this.#heads.get(stream), answer.heads.get(toStore(stream))]
      if (believed && found && found.epoch === expected.epoch && !sameHead(believed, found)) {
        this.#lost.set(stream, expected.epoch)
        return stream
      }
    }
    return undefined
  }

  #lostBefore({ appends }: Change): string | undefined {
    for (const { stream, expected } of appends)
      if (typeof expected === 'object' && 'epoch' in expected && expected.epoch === this.#lost.get(stream))
        return stream
    return undefined
  }

  /** Nobody said what became of the batch: what is on the record was done. What is not is left to be asked again. */
  async #find(
    ready: readonly (Asked & { readonly prepared: Prepared })[],
    at: number,
    settled: Settled[],
  ): Promise<readonly Asked[]> {
    const { line, schema, clock, shown } = this.#options
    const batch = ready.map(({ prepared }) => prepared)
    const found = await fateOf(batch, {
      schema,
      ask: (statement) => line.ask(statement),
      over: this.#closing.promise,
    })
    if (!found) {
      for (const one of ready) settled[one.nr] = { failed: unknownFate(shown) }
      return []
    }
    for (const [stream, head] of headsAfter(batch, found)) {
      // What it made has a number that was never heard: it is read when it is needed.
      if (head && head.id !== 0) this.#heads.set(stream, head)
      else this.#heads.delete(stream)
    }
    if (found.size > 0) clock.newest = Math.max(clock.newest, at)
    return ready.filter(({ nr, prepared }) => {
      const position = found.get(prepared)
      if (position === undefined) return true
      settled[nr] = { at, firstSeq: prepared.firstSeq, position: position + prepared.events.length - 1 }
      return false
    })
  }
}

function unknownFate(shown: string): ThroughlineError {
  return new ThroughlineError('store_unavailable', {
    message: `${shown} was closed while it could not be reached. What was being committed may have been recorded or not; open it again and read.`,
    data: { store: shown },
  })
}

const lostTo = (what: string): { readonly outcome: Outcome } => ({
  outcome: { refused: 'ownership_lost', what },
})

function isAccepted(settled: Settled | undefined): boolean {
  return settled !== undefined && 'at' in settled
}

function refusalOf(prepared: Prepared, operation: number): Outcome {
  const refusing = [...prepared.guards, ...prepared.rows][operation - 1]
  if (refusing?.refuses === 'any row') return { refused: 'guard_failed', what: refusing.table }
  return { refused: 'already_there', what: refusing?.table ?? '', ...(refusing ? { row: refusing.row } : {}) }
}
