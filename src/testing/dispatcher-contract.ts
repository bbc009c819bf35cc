/** What any dispatcher must do: hand out every run that has something to do, in time, to one carrier at a time. */
import { openStore } from '../app/index.ts'
import { eventOf, type Clock, type Log } from '../log/index.ts'
import { events, type Carrier, type Dispatcher } from '../run/index.ts'
import { SimulatedClock } from './clock.ts'
import type { ContractOptions } from './store-contract.ts'

export interface DispatcherContractOptions extends Pick<ContractOptions, 'name' | 'test' | 'expect'> {
  readonly open: (parts: {
    readonly log: Log
    readonly clock: Clock
    readonly carrier: Carrier
    readonly concurrency: number
  }) => Dispatcher
}

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

export function dispatcherContract({ name, test, expect, open }: DispatcherContractOptions): void {
  const turns = async (n = 20) => {
    for (let i = 0; i < n; i++) await new Promise(setImmediate)
  }
  const it = (
    what: string,
    run: (parts: { log: Log; clock: SimulatedClock; hands: Hands; dispatcher: Dispatcher }) => Promise<void>,
    concurrency = 2,
  ) =>
    test(`${name}: ${what}`, async () => {
      const clock = new SimulatedClock(() => turns())
      const log = openStore('memory:', { clock })
      const hands = new Hands(log)
      const dispatcher = open({ log, clock, carrier: hands, concurrency })
      await run({ log, clock, hands, dispatcher })
      clock.forget()
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

  it('what was due before it started is handed out', async ({ log, hands, dispatcher }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await turns()
    expect(hands.handed).toEqual(['run_a'])
  })

  it('no more at once than it may, and the next when one comes to rest', async ({
    log,
    hands,
    dispatcher,
  }) => {
    for (const run of ['run_a', 'run_b', 'run_c']) await start(log, run)
    dispatcher.start()
    await turns()
    expect(hands.handed.length).toBe(2)
    await hands.finish('run_a')
    await turns()
    expect([hands.handed.length, hands.most]).toEqual([3, 2])
  })

  it('a run is never handed out twice at once, however often it is woken', async ({
    log,
    hands,
    dispatcher,
  }) => {
    await start(log, 'run_a')
    dispatcher.start()
    for (let i = 0; i < 5; i++) dispatcher.wake('run_a')
    await turns()
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

  it('a run that rests is handed out again when it is due', async ({ log, clock, hands, dispatcher }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await turns()
    await hands.finish('run_a', clock.now() + 60_000)
    await turns()
    await clock.advance('2m')
    expect(hands.handed).toEqual(['run_a', 'run_a'])
  })

  it('stopping hands out nothing more, and waits for what is under way', async ({
    log,
    hands,
    dispatcher,
  }) => {
    await start(log, 'run_a')
    dispatcher.start()
    await turns()
    let stopped = false
    const stopping = dispatcher.stop().then(() => (stopped = true))
    await start(log, 'run_b')
    dispatcher.wake('run_b')
    await turns()
    expect([stopped, hands.handed.length]).toEqual([false, 1])
    await hands.finish('run_a')
    await stopping
    expect(hands.handed).toEqual(['run_a'])
  })
}
