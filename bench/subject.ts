/**
 * What is measured: something that carries a run of steps durably.
 *
 * Every subject does the same two things with its own means: one run of many steps in a row, and many runs at once.
 * A step returns a string of a given size. A subject times each step inside the body, where its user would feel it.
 */
export interface Subject {
  readonly name: string
  /** How its writes are synced and what differs from its defaults: one line for the table's notes. */
  readonly configured: string
  start(): Promise<void>
  /** One run of `steps` steps in a row, each returning `bytes` bytes. */
  sequential(steps: number, bytes: number): Promise<Sequence>
  /** `runs` runs of `steps` steps each, all started at once. Resolves with the seconds it took. */
  fleet(runs: number, steps: number): Promise<number>
  /** Bytes on disk at present, where that can be known. */
  bytes?(): Promise<number>
  stop(): Promise<void>
}

export interface Sequence {
  readonly seconds: number
  readonly stepMs: readonly number[]
}

/** A value of exactly `bytes` ASCII bytes that differs from step to step, so that nothing is stored once for all. */
export function payload(index: number, bytes: number): string {
  return `value-${index}-`.padEnd(bytes, 'abcdefghijklmnopqrstuvwxyz0123456789')
}

/** A stopwatch: seconds since it was made. */
export function stopwatch(): () => number {
  const from = performance.now()
  return () => (performance.now() - from) / 1000
}

/** Times `act` and adds its milliseconds to `into`. */
export async function timed<T>(into: number[], act: () => Promise<T>): Promise<T> {
  const from = performance.now()
  const value = await act()
  into.push(performance.now() - from)
  return value
}

/** Refuses a result that did less than it was asked for: a fast wrong answer is no figure. */
export function expectSteps(subject: string, asked: number, done: number): void {
  if (asked !== done) throw new Error(`${subject} carried ${done} steps of ${asked}.`)
}
