/** What a schema asks for, shown. */

/** A value of the right shape, with the names of types where people fill in their own. */
export function exampleOf(schema: object, depth = 0): unknown {
  const { type, properties, items, ...rest } = schema as Readonly<Record<string, unknown>>
  if ('const' in rest) return rest['const']
  if (Array.isArray(rest['enum'])) return rest['enum'][0] as unknown
  if (depth > 4) return null
  if (type === 'object' || isObject(properties))
    return Object.fromEntries(
      Object.entries(isObject(properties) ? properties : {}).map(([key, inner]) => [
        key,
        isObject(inner) ? exampleOf(inner, depth + 1) : null,
      ]),
    )
  if (type === 'array') return isObject(items) ? [exampleOf(items, depth + 1)] : []
  if (type === 'boolean') return true
  if (type === 'number' || type === 'integer') return 0
  return type === 'string' ? '…' : null
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
