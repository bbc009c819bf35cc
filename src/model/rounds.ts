/**
 * Tools that go round: the same call again, though what it returned last was the same.
 *
 * N1. A call's state is what the same call returned before: whoever waits for something to change is not going round while it changes.
 * N2. A model is told once that it goes round. Told, and at it again, it is not told again: the ladder goes on.
 * N3. Agents side by side, each in a branch of its own, may well ask the same: each is counted by itself.
 * N4. Every life of a run sees the same calls in the same order, and says the same of them.
 */
import { hash } from 'node:crypto'
import { encode } from '../log/index.ts'
import { Loops, type Failure } from '../recovery/index.ts'
import type { Hands } from '../run/index.ts'

const ROUNDS = Symbol('rounds')

export class Rounds {
  readonly #branches = new Map<
    string,
    { readonly loops: Loops; readonly returned: Map<string, string>; isTold: boolean }
  >()

  /** Of a call that is about to be made: whether it goes round, and for the first time. `branch`: where it is made. */
  begins(
    branch: string,
    tool: string,
    args: unknown,
  ): { readonly loop: Failure | undefined; readonly isFirst: boolean } {
    const here = this.#of(branch)
    const loop = here.loops.seen(tool, args, here.returned.get(keyOf(tool, args)))
    const isFirst = !here.isTold
    here.isTold ||= loop !== undefined
    return { loop, isFirst }
  }

  ended(branch: string, tool: string, args: unknown, value: unknown): void {
    this.#of(branch).returned.set(keyOf(tool, args), keyOf('', value))
  }

  #of(branch: string) {
    const known = this.#branches.get(branch) ?? {
      loops: new Loops(),
      returned: new Map<string, string>(),
      isTold: false,
    }
    this.#branches.set(branch, known)
    return known
  }
}

function keyOf(tool: string, value: unknown): string {
  try {
    return hash('sha256', `${tool}\0${encode(value)}`, 'base64url')
  } catch {
    return '' // what cannot be recorded does not come back
  }
}

export const roundsOf = (hands: Hands): Rounds => hands.shared(ROUNDS, () => new Rounds())
