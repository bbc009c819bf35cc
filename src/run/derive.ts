/** Time, chance and ids for a body: derived from the record, so that a replay sees the same without a commit each. */
import type { History } from './history.ts'
import type { Branch } from './place.ts'

/** The seed in force: a fork draws anew once its copied history is used up. */
function seedOf(history: History): string {
  const { fork } = history
  return fork && !history.hasUndeliveredBefore(fork.seq) ? fork.seed : history.started.seed
}

/** In [0, 1): 48 bits of the branch's next draw. */
export function random(history: History, branch: Branch): number {
  return branch.draw(seedOf(history)).readUIntBE(0, 6) / 2 ** 48
}

/** 130 bits in lower-case base 32, readable aloud and safe in paths. */
export function id(history: History, branch: Branch): string {
  const draw = branch.draw(seedOf(history))
  let text = ''
  for (let i = 0; i < 26; i++) text += 'abcdefghijkmnpqrstuvwxyz23456789'[(draw[i] ?? 0) & 31]
  return text
}
