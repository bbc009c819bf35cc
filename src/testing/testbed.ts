/**
 * Tasks under test: real engine, real store in memory, simulated time, and processes that can be made to die.
 *
 * @example
 * const bed = await testbed({ tasks: [review] })
 * const run = await bed.start(review, {})
 * await bed.clock.advance('3d')
 * await bed.crash()
 * expect(await (await bed.run(run.id)).status()).toBe('waiting')
 */
import {
  open,
  openStore,
  type OpenOptions,
  type RunHandle,
  type StartOptions,
  type Throughline,
} from '../app/index.ts'
import type { Log } from '../log/index.ts'
import type { AnyTask, Task } from '../task/index.ts'
import { SimulatedClock } from './clock.ts'
import { mortal, type MortalLog } from './mortal-log.ts'

export interface TestbedOptions extends Pick<
  OpenOptions,
  'concurrency' | 'logger' | 'lingerMs' | 'stalledMs' | 'maxBodyBytes' | 'strict'
> {
  readonly tasks: readonly AnyTask[]
}

/** How many turns of the event loop in a row must bring nothing new. */
const QUIET_TURNS = 3
/** A body in a plain await looks busy: that is waited for no longer than this. */
const MOST_TURNS = 2000

export class Testbed {
  readonly clock: SimulatedClock
  readonly #store: Log
  #options: TestbedOptions
  #process: MortalLog
  #tl: Throughline | undefined

  constructor(options: TestbedOptions) {
    this.#options = options
    this.clock = new SimulatedClock(() => this.settle())
    const limits = options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }
    this.#store = openStore('memory:', { clock: this.clock, ...limits })
    this.#process = mortal(this.#store)
  }

  get tl(): Throughline {
    if (!this.#tl) throw new Error('The test bed is not open.')
    return this.#tl
  }

  /** Opens the layer on the store; `testbed` and `crash` call it. */
  async boot(): Promise<this> {
    const { tasks: _tasks, ...rest } = this.#options
    this.#tl = await open({
      ...rest,
      store: this.#process.log,
      tasks: this.#options.tasks,
      clock: this.clock,
    })
    return this
  }

  start<I, O>(task: Task<I, O> | string, input: I, options?: StartOptions): Promise<RunHandle<O>> {
    return this.tl.start(task, input, options)
  }

  run<O = unknown>(id: string): Promise<RunHandle<O>> {
    return this.tl.run<O>(id)
  }

  /** Kills the process where it stands, and starts another on the same store; perhaps with other tasks. */
  async crash(change: Partial<TestbedOptions> = {}): Promise<void> {
    this.#process.die()
    this.clock.forget()
    // What had reached the store is written there; a successor that came before it would be refused by a dead process.
    while (this.#process.inFlight() > 0) await new Promise(setImmediate)
    this.#options = { ...this.#options, ...change }
    this.#process = mortal(this.#store)
    await this.boot()
  }

  /** Resolves when everything that can go on without time passing has gone on. */
  async settle(): Promise<void> {
    let quiet = 0
    for (let turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
      await new Promise(setImmediate)
      const isBusy = this.#process.inFlight() > 0 || (this.#tl?.load.busy ?? 0) > 0
      quiet = isBusy ? 0 : quiet + 1
    }
  }

  async close(): Promise<void> {
    this.#process.die()
    this.clock.forget()
    await this.#store.close()
  }
}

/** A test bed with these tasks, open. */
export async function testbed(options: TestbedOptions): Promise<Testbed> {
  // What is loaded when it is first needed takes real time, which no simulated clock waits for.
  await Promise.all([import('../memory/rules/index.ts'), import('../memory/follower.ts')])
  return new Testbed(options).boot()
}
