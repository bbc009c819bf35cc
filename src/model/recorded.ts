/** Models and tools whose calls are operations already: they are passed on as they are. */
const known = new WeakSet<object>()

export function markRecorded<T extends object>(one: T): T {
  known.add(one)
  return one
}

export function isRecorded(one: unknown): boolean {
  return typeof one === 'object' && one !== null && known.has(one)
}
