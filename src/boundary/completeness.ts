/** Elements of lists that a schema dropped: a list that comes out shorter than it went in has lost something, and says what. */
import type { Losses } from './conservation.ts'

const NAMES = ['id', 'key', 'name', 'title'] as const
const SHOWN = 20

type Fields = Readonly<Record<string, unknown>>
type Id = string | number

/** `given` as it came, `value` as the schema made it. */
export function droppedFrom(given: unknown, value: unknown): Losses {
  const said: string[] = []
  const lost: Id[] = []
  const seen = new WeakSet<object>()
  const compare = (before: unknown, after: unknown, at: string): void => {
    if (before === after || typeof before !== 'object' || before === null || seen.has(before)) return
    seen.add(before)
    if (Array.isArray(before)) {
      if (!Array.isArray(after)) return
      if (after.length >= before.length)
        return before.forEach((one, i) => compare(one, after[i], `${at}[${i}]`))
      const gone = missingFrom(before, after)
      lost.push(...(gone ?? []))
      const which = gone
        ? `: ${gone
            .slice(0, SHOWN)
            .map((id) => JSON.stringify(id))
            .join(', ')}${gone.length > SHOWN ? ' …' : ''}`
        : ''
      said.push(
        `${at || 'the value'}: the schema dropped ${before.length - after.length} of ${before.length}${which}`,
      )
      return
    }
    if (typeof after !== 'object' || after === null) return
    for (const [key, inner] of Object.entries(before))
      if (Object.hasOwn(after, key)) compare(inner, (after as Fields)[key], at === '' ? key : `${at}.${key}`) // it has the key
  }
  compare(given, value, '')
  return { said, lost }
}

/** By what each of them is told apart, where they all are. */
function missingFrom(before: readonly unknown[], after: readonly unknown[]): readonly Id[] | undefined {
  const names = idsOf(before)
  const kept = names && idsOf(after, names.by)
  if (!names || !kept) return undefined
  const left = new Map<Id, number>()
  for (const id of kept.ids) left.set(id, (left.get(id) ?? 0) + 1)
  return names.ids.filter((id) => {
    const count = left.get(id) ?? 0
    if (count > 0) left.set(id, count - 1)
    return count === 0
  })
}

function idsOf(
  list: readonly unknown[],
  by?: string,
): { readonly by: string; readonly ids: readonly Id[] } | undefined {
  const isId = (value: unknown): value is Id => typeof value === 'string' || typeof value === 'number'
  if ((by ?? '') === '' && list.every(isId)) return { by: '', ids: list }
  for (const name of by === undefined ? NAMES : [by]) {
    const ids = list.map((one) =>
      typeof one === 'object' && one !== null ? (one as Fields)[name] : undefined,
    ) // read as whatever it is
    if (ids.every(isId)) return { by: name, ids }
  }
  return undefined
}
