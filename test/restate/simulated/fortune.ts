/** What may befall a simulated Restate and its messages. */
export interface Fortune {
  /** How long a message is on its way, in milliseconds. */
  trip(): number
  /** What becomes of a wake-up that was taken. */
  taken(): 'kept' | 'lost' | 'doubled'
  /** How much later than it was to be a delayed call comes; less than nothing: earlier. */
  lateness(): number
  /** A call is given up while its worker lives: after so long; and so long later the worker is told; `Infinity`: never. */
  betrayal(): { readonly afterMs: number; readonly toldAfterMs: number } | undefined
  /** After how long without a sign of life a worker is given up: that is set at the server. */
  patienceMs(): number
  /** Whether the end of a worker shows by its connection; else it is as silent as one that stands still. */
  showsDeath(): boolean
  /** Whether a connection that was given up says so to the other end. */
  saysGoodbye(): boolean
  choose<T>(of: readonly T[]): T | undefined
}

/** Nothing goes wrong. */
export const lucky: Fortune = {
  trip: () => 0,
  taken: () => 'kept',
  lateness: () => 0,
  betrayal: () => undefined,
  patienceMs: () => 5000,
  showsDeath: () => true,
  saysGoodbye: () => true,
  choose: (of) => of[0],
}
