/** What a path such as `lines.amount` finds in a value: lists on the way, and at its end, are gone through. */

export interface Found {
  readonly leaves: readonly unknown[]
  /** Where the path ends early. */
  readonly missing: readonly string[]
}

interface Here {
  readonly value: unknown
  readonly at: string
}

export function foundAt(value: unknown, path: string): Found {
  const missing: string[] = []
  let here: Here[] = elementsOf({ value, at: '' })
  for (const key of path
    .split('.')
    .map((part) => part.replace(/\[\]$/, ''))
    .filter((part) => part !== '')) {
    const next: Here[] = []
    for (const { value: one, at } of here) {
      const inner = `${at}${at === '' ? '' : '.'}${key}`
      const isThere = typeof one === 'object' && one !== null && Object.hasOwn(one, key)
      if (isThere)
        next.push(...elementsOf({ value: (one as Readonly<Record<string, unknown>>)[key], at: inner })) // it has the key
      else missing.push(inner)
    }
    here = next
  }
  return { leaves: here.map((one) => one.value), missing }
}

/** A list's elements, lists among them gone through as well; anything else is one. */
function elementsOf({ value, at }: Here): Here[] {
  if (!Array.isArray(value)) return [{ value, at }]
  return value.flatMap((element: unknown, i) => elementsOf({ value: element, at: `${at}[${i}]` }))
}
