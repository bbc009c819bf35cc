/** Ids that sort by time: a prefix, 10 characters of time, 16 of chance, in Crockford's base 32. */
import { randomFillSync } from 'node:crypto'
import type { Clock } from '../log/index.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

export type Ids = (prefix: string) => string

export function idsBy(clock: Clock): Ids {
  let pool = Buffer.alloc(0)
  let used = 0
  return (prefix) => {
    if (used + 16 > pool.length) {
      pool = randomFillSync(Buffer.alloc(4096))
      used = 0
    }
    let time = ''
    for (let left = clock.now(), i = 0; i < 10; i++, left = Math.floor(left / 32))
      time = `${ALPHABET[left % 32] ?? ''}${time}`
    let chance = ''
    for (let i = 0; i < 16; i++) chance += ALPHABET[(pool[used + i] ?? 0) & 31] ?? ''
    used += 16
    return `${prefix}_${time}${chance}`
  }
}
