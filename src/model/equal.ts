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
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if ([a, b].some((one) => one instanceof URL || one instanceof Date))
    return JSON.stringify(a) === JSON.stringify(b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys)
    if (!(key in b) || !isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
      return false
  return true
}
