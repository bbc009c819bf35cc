/** What any dispatcher must do: hand out every run that has something to do, in time, to one carrier at a time. */
import { openStore } from '../app/index.ts'
import { eventOf, type Clock, type Log } from '../log/index.ts'
import { events, type Carrier, type Dispatcher } from '../run/index.ts'
import { SimulatedClock } from './clock.ts'
import type { ContractOptions } from './store-contract.ts'

export interface DispatcherContractOptions extends Pick<ContractOptions, 'name' | 'test' | 'expect'> {
  /** The runs it is asked to hand out are of task `t`, version 1. */
  readonly open: (parts: {
    readonly log: Log
    readonly clock: Clock
    readonly carrier: Carrier
    readonly concurrency: number
  }) => Dispatcher | Promise<Dispatcher>
  /** A fresh, empty store by this clock; one in memory unless told. */
  readonly store?: (clock: Clock) => Log | Promise<Log>
}

/** How many turns of the event loop in a row must bring nothing new. */
const QUIET_TURNS = 20
/** What is ready and finds no room looks busy: that is waited for no longer than this. */
const LONGEST_MS = 500

/** A carrier whose runs take as long as the test says, and that keeps count. */
class Hands implements Carrier {
  readonly handed: string[] = []
  readonly #log: Log
  readonly #busy = new Map<string, () => void>()
  most = 0
  twice = false

  constructor(log: Log) {
    this.#log = log
  }

  isAdvancing(runId: string): boolean {
    return this.#busy.has(runId)
  }

  /** Whose runs these are is nobody's question here. */
  fence(): void {}

  yield(): Promise<void> {
    return Promise.resolve()
  }

  confirm(): Promise<boolean> {
    return Promise.resolve(true)
  }

  /** How many runs are in these hands. */
  get full(): number {
    return this.#busy.size
  }

  async advance(runId: string): Promise<void> {
    if (this.#busy.has(runId)) this.twice = true
    this.handed.push(runId)
    await this.#log.commit({
      appends: [{ stream: runId, expected: 'any', events: [eventOf(events.runClaimed, { by: 'contract' })] }],
    })
    await new Promise<void>((resolve) => {
      this.#busy.set(runId, resolve)
      this.most = Math.max(this.most, this.#busy.size)
    })
  }

  /** Whatever is still in these hands is let go of. */
  drop(): void {
    for (const resolve of this.#busy.values()) resolve()
    this.#busy.clear()
  }

  /** Ends a run, or lets it rest until a time. */
  async finish(runId: string, restUntil?: number): Promise<void> {
    const event =
      restUntil === undefined
        ? eventOf(events.runDone, { v: null })
        : eventOf(events.runSuspended, { waits: [], due: restUntil })
    await this.#log.commit({ appends: [{ stream: runId, expected: 'any', events: [event] }] })
    const resolve = this.#busy.get(runId)
    this.#busy.delete(runId)
    resolve?.()
  }
}

export function dispatcherContract({ name, test, expect, open, store }: DispatcherContractOptions): void {
  const turns = async (n = QUIET_TURNS) => {
    for (let i = 0; i < n; i++) await new Promise(setImmediate)
  }
  /** Resolves when the dispatcher has nothing under way but what is in these hands. */
  const settled = async (hands: Hands, dispatcher: Dispatcher) => {
    const since = performance.now()
    for (let quiet = 0; quiet < QUIET_TURNS && performance.now() - since < LONGEST_MS;) {
      await new Promise(setImmediate)
      quiet = dispatcher.busy > hands.full ? 0 : quiet + 1
    }
    await turns()
  }
  interface Parts {
    readonly log: Log
    readonly clock: SimulatedClock
    readonly hands: Hands
    readonly dispatcher: Dispatcher
    readonly settle: () => Promise<void>
  }
  const it = (what: string, run: (parts: Parts) => Promise<void>, concurrency = 2) =>
    test(`${name}: ${what}`, async () => {
      let settle = () => turns()
      const clock = new SimulatedClock(() => settle())
      const log = store ? await store(clock) : openStore('memory:', { clock })
      const hands = new Hands(log)
      const dispatcher = await open({ log, clock, carrier: hands, concurrency })
      settle = () => settled(hands, dispatcher)
      await run({ log, clock, hands, dispatcher, settle })
      clock.forget()
      hands.drop()
      await dispatcher.stop()
      await dispatcher.close?.()
      await log.close()
    })
  const start = async (log: Log, run: string, notBefore?: number) => {
    const body = {
      run,
      task: 't',
      version: '1',
      input: null,
      seed: 's',
      chapter: 1,
      ...(notBefore === undefined ? {} : { notBefore }),
    }
    await log.commit({
      appends: [{ stream: run, expected: { new: true }, events: [eventOf(events.runStarted, body)] }],
    })
  }

  it('what was due before it started is handed out', async ({ log, hands, dispatcher, settle }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await settle()
    expect(hands.handed).toEqual(['run_a'])
  })

  it('no more at once than it may, and the next when one comes to rest', async ({
    log,
    hands,
    dispatcher,
    settle,
  }) => {
    for (const run of ['run_a', 'run_b', 'run_c']) await start(log, run)
    dispatcher.start()
    await settle()
    expect(hands.handed.length).toBe(2)
    await hands.finish('run_a')
    await settle()
    expect([hands.handed.length, hands.most]).toEqual([3, 2])
  })

  it('a run is never handed out twice at once, however often it is woken', async ({
    log,
    hands,
    dispatcher,
    settle,
  }) => {
    await start(log, 'run_a')
    dispatcher.start()
    for (let i = 0; i < 5; i++) dispatcher.wake('run_a')
    await settle()
    expect([hands.handed.length >= 1, hands.most]).toEqual([true, 1])
  })

  it('a wake-up to come is kept, to the moment', async ({ log, clock, hands, dispatcher }) => {
    dispatcher.start()
    await start(log, 'run_later', clock.now() + 3_600_000)
    dispatcher.look()
    await clock.advance('59m')
    expect(hands.handed).toEqual([])
    await clock.advance('1m')
    expect(hands.handed).toEqual(['run_later'])
  })

  it('a run that rests is handed out again when it is due', async ({
    log,
    clock,
    hands,
    dispatcher,
    settle,
  }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await settle()
    await hands.finish('run_a', clock.now() + 60_000)
    await settle()
    await clock.advance('2m')
    expect(hands.handed).toEqual(['run_a', 'run_a'])
  })

  it('stopping hands out nothing more, and waits for what is under way', async ({
    log,
    hands,
    dispatcher,
    settle,
  }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await settle()
    let stopped = false
    const stopping = dispatcher.stop().then(() => (stopped = true))
    await start(log, 'run_b')
    dispatcher.wake('run_b')
    await settle()
    expect([stopped, hands.handed.length]).toEqual([false, 1])
    await hands.finish('run_a')
    await stopping
    expect(hands.handed).toEqual(['run_a'])
  })
}
