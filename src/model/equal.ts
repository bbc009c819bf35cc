/** Whether two values say the same, as far as a request carries them. Strings that are the same object compare at once. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false
    return true
  }
  if (Object.getPrototypeOf(a) !== Object.prototype) {
    if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
    if (a instanceof URL || a instanceof Date) return JSON.stringify(a) === JSON.stringify(b)
  }
  // Without lists of keys: a conversation of hundreds of messages is compared with each call.
  let left = 0
  for (const key in a) {
    left++
    if (!isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) return false
  }
  for (const _ in b) left--
  return left === 0
}
