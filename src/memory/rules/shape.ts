/**
 * What a value may be, as far as a checkpoint's JSON Schema says: the types that conditions are checked against.
 *
 * A shape lists alternatives; `any` among them means that the schema leaves it open. Alternatives are unfolded when they
 * are asked for, because a schema may refer to itself.
 */
export type Scalar =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'time'
  | 'duration'
  | 'null'
  | 'type'
export type Alternative =
  | { readonly kind: 'any' }
  | { readonly kind: Scalar }
  | { readonly kind: 'list'; readonly item: () => Shape }
  | {
      readonly kind: 'map'
      /** undefined: there is no such field. */
      readonly field: (name: string) => Shape | undefined
      readonly fields: readonly string[]
    }
export type Shape = readonly Alternative[]

export const ANY: Shape = [{ kind: 'any' }]
export const only = (kind: Scalar): Shape => [{ kind }]
export function listOfShape(item: () => Shape): Shape {
  let known: Shape | undefined
  return [{ kind: 'list', item: () => (known ??= item()) }]
}
export const OPEN_MAP: Shape = [{ kind: 'map', field: () => ANY, fields: [] }]

type Schema = Readonly<Record<string, unknown>>
/** References to references, choices within choices; what goes deeper is left open. Fields and elements begin anew. */
const MAX_UNFOLDING = 8

/** @param schema JSON Schema (2020-12 or 7); what this does not understand of it is left open. */
export function shapeOf(schema: unknown): Shape {
  return isObject(schema) ? unfold(schema, schema, 0) : ANY
}

function unfold(schema: unknown, root: Schema, depth: number): Shape {
  if (!isObject(schema) || depth > MAX_UNFOLDING) return ANY
  const below = (inner: unknown) => unfold(inner, root, depth + 1)
  if (typeof schema['$ref'] === 'string') return below(referredTo(schema['$ref'], root))
  if ('const' in schema) return valueShape(schema['const'])
  if (Array.isArray(schema['enum'])) return schema['enum'].flatMap(valueShape)
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices) && !('properties' in schema)) return choices.flatMap(below)
  if (Array.isArray(schema['allOf'])) {
    const { allOf, ...rest } = schema
    return merged(
      [...(Object.keys(rest).some((key) => key in STRUCTURAL) ? [rest] : []), ...allOf].map(below),
    )
  }
  const named =
    schema['type'] ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : undefined)
  const kinds = Array.isArray(named) ? named : [named]
  return kinds.flatMap((kind) => kindShape(kind, schema, (inner) => unfold(inner, root, 0)))
}

const STRUCTURAL = { type: 0, properties: 0, items: 0, additionalProperties: 0, enum: 0, const: 0 }

function kindShape(kind: unknown, schema: Schema, below: (inner: unknown) => Shape): Shape {
  switch (kind) {
    case 'integer':
      return only('int')
    case 'number':
      return only('double')
    case 'boolean':
      return only('bool')
    case 'null':
      return only('null')
    case 'string':
      // A value on its way may still hold the Date that the record will hold as well.
      return String(schema['format']).startsWith('date')
        ? [{ kind: 'string' }, { kind: 'time' }]
        : only('string')
    case 'array':
      return listOfShape(() => itemShape(schema, below))
    case 'object':
      return [mapShape(schema, below)]
    default:
      return ANY
  }
}

function itemShape(schema: Schema, below: (inner: unknown) => Shape): Shape {
  const tuple = schema['prefixItems'] ?? (Array.isArray(schema['items']) ? schema['items'] : undefined)
  const rest = Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items']
  if (!Array.isArray(tuple)) return below(rest)
  return [...tuple.flatMap(below), ...(rest === undefined || rest === false ? [] : below(rest))]
}

/**
 * JSON Schema lets further fields in unless told; what a task declares is taken to be all there is, or a misspelt field
 * would be a rule that never applies. `additionalProperties` with anything but false opens it.
 */
function mapShape(schema: Schema, below: (inner: unknown) => Shape): Alternative {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const fields = Object.keys(properties)
  const more = schema['additionalProperties']
  const isOpen = 'patternProperties' in schema || (more === undefined ? fields.length === 0 : more !== false)
  let open: Shape | undefined
  const known = new Map<string, Shape>()
  return {
    kind: 'map',
    fields,
    field: (name) => {
      if (!Object.hasOwn(properties, name))
        return isOpen ? (open ??= isObject(more) ? below(more) : ANY) : undefined
      const shape = known.get(name) ?? below(properties[name])
      known.set(name, shape)
      return shape
    },
  }
}

/** All of these at once: their fields together; of other kinds, the first that says anything. */
function merged(shapes: readonly Shape[]): Shape {
  const maps = shapes.flatMap((shape) => shape.filter((one) => one.kind === 'map'))
  if (maps.length === 0) return shapes.find((shape) => shape.every((one) => one.kind !== 'any')) ?? ANY
  // A closed part does not close what another part names.
  const declaring = maps.filter((map) => map.fields.length > 0)
  return [
    {
      kind: 'map',
      fields: maps.flatMap((map) => map.fields),
      field: (name) =>
        (declaring.length > 0 ? declaring : maps).map((map) => map.field(name)).find((shape) => shape),
    },
  ]
}

function valueShape(value: unknown): Shape {
  switch (typeof value) {
    case 'string':
      return only('string')
    case 'boolean':
      return only('bool')
    case 'number':
      return only(Number.isInteger(value) ? 'int' : 'double')
    default:
      return value === null ? only('null') : ANY
  }
}

/** `#/$defs/vendor`; what lies elsewhere is left open. */
function referredTo(reference: string, root: Schema): unknown {
  if (!reference.startsWith('#')) return undefined
  let found: unknown = root
  for (const part of reference.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found =
      isObject(found) || Array.isArray(found)
        ? (Object.getOwnPropertyDescriptor(found, key)?.value as unknown)
        : undefined
  }
  return found
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
