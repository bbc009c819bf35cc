/**
 * A value that fits a JSON Schema: always the same one.
 *
 * F1. It ends, whatever the schema: what refers to itself is left out where it may be, and cut off where it may not.
 * F2. Limits that a client took out of the schema and put into its description (`min items: 2.`), as Anthropic's does, count.
 * F3. A pattern is met only where a text of the usual ones meets it; a schema nothing fits gets what comes nearest.
 */
import { isRecord, listOf, numberIn, type JsonSchema } from './asked.ts'

const DEEPEST = 12
const DEEP = 5

/** What fits the formats that are in use. */
const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-15T09:30:00Z',
  date: '2026-01-15',
  time: '09:30:00Z',
  duration: 'PT1H',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '0d9b4c9e-5d1a-4f4e-8f2b-6a3c1e7d9b10',
}
const TEXTS = [
  'sample',
  'Sample',
  'SAMPLE',
  'a',
  'A',
  '1',
  '12',
  '1234',
  '2026',
  'EUR',
  'ABC-1',
  '1.0.0',
  'sample-1',
  ...Object.values(FORMATS),
]

/** A value that fits, as far as one can be told from the schema alone. */
export function fitting(schema: JsonSchema): unknown {
  return valueOf(schema, schema, 0, 'sample')
}

function valueOf(given: JsonSchema, root: JsonSchema, depth: number, name: string): unknown {
  const schema = withTold(resolved(given, root))
  if (depth > DEEPEST || Object.keys(schema).length === 0) return name
  if ('const' in schema) return schema.const
  const known = [...listOf(schema.enum), ...listOf(schema.examples)]
  if (known.length > 0) return known[0]
  if ('default' in schema) return schema.default
  const choices = [...listOf(schema.anyOf), ...listOf(schema.oneOf)].filter(isSchema)
  const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema
  const choice = choices.find((one) => depth < DEEP || !isNested(one, root)) ?? choices[0]
  if (choice !== undefined)
    return valueOf(
      Object.keys(rest).length === 0 || typeof choice === 'boolean'
        ? choice
        : merged(rest, resolved(choice, root)),
      root,
      depth + 1,
      name,
    )
  switch (typeIn(schema)) {
    case 'object':
      return objectOf(schema, root, depth)
    case 'array':
      return listFor(schema, root, depth, name)
    case 'integer':
    case 'number':
      return numberFor(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return textFor(schema, name)
  }
}

/** References followed, and what all of them ask for put together. */
function resolved(schema: JsonSchema, root: JsonSchema): Readonly<Record<string, unknown>> {
  let one: Readonly<Record<string, unknown>> = isRecord(schema) ? schema : {}
  for (let hops = 0; typeof one.$ref === 'string' && hops < DEEPEST; hops++) {
    const { $ref, ...rest } = one
    const target = pointed(root, String($ref))
    one = isRecord(target) ? merged(rest, target) : rest
  }
  const all = listOf(one.allOf).filter(isSchema)
  if (all.length === 0) return one
  const { allOf: _allOf, ...rest } = one
  return all.reduce<Readonly<Record<string, unknown>>>((sum, part) => merged(sum, resolved(part, root)), rest)
}

const TOLD = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
  'format',
]

/** With what the last line of the description says of limits (F2). */
function withTold(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const line = typeof schema.description === 'string' ? (schema.description.split('\n').at(-1) ?? '') : ''
  const told = line
    .replace(/\.$/, '')
    .split('; ')
    .flatMap((limit) => {
      const [name = '', ...value] = limit.split(': ')
      const key = name.replaceAll(/ (\w)/g, (_, letter: string) => letter.toUpperCase())
      return TOLD.includes(key) ? [[key, valueTold(value.join(': '))] as const] : []
    })
  return told.length === 0 ? schema : { ...Object.fromEntries(told), ...schema }
}

function valueTold(text: string): unknown {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text)
  return text === 'true' ? true : text
}

function merged(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>) {
  const both = { ...b, ...a }
  if (isRecord(a.properties) && isRecord(b.properties)) both.properties = { ...b.properties, ...a.properties }
  if (Array.isArray(a.required) && Array.isArray(b.required)) both.required = [...a.required, ...b.required]
  return both
}

/** What a `$ref` within the document names. */
function pointed(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let at: unknown = root
  for (const part of reference.slice(1).split('/').filter(Boolean))
    at = isRecord(at) ? at[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return at
}

function isSchema(value: unknown): value is JsonSchema {
  return isRecord(value) || typeof value === 'boolean'
}

function isNested(schema: JsonSchema, root: JsonSchema): boolean {
  const type = typeIn(resolved(schema, root))
  return type === 'object' || type === 'array'
}

function typeIn(schema: Readonly<Record<string, unknown>>): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type
  if (typeof type === 'string') return type
  if ('properties' in schema || 'required' in schema) return 'object'
  if ('items' in schema || 'prefixItems' in schema) return 'array'
  return 'minimum' in schema || 'maximum' in schema ? 'number' : 'string'
}

function objectOf(schema: Readonly<Record<string, unknown>>, root: JsonSchema, depth: number) {
  const properties = isRecord(schema.properties) ? schema.properties : {}
  const required = new Set(listOf(schema.required).map(String))
  const names = [...new Set([...Object.keys(properties), ...required])]
  return Object.fromEntries(
    names
      .filter((name) => required.has(name) || depth < DEEP)
      .map((name) => {
        const property = properties[name]
        return [name, valueOf(isSchema(property) ? property : {}, root, depth + 1, name)]
      }),
  )
}

function listFor(schema: Readonly<Record<string, unknown>>, root: JsonSchema, depth: number, name: string) {
  const first = listOf(schema.prefixItems).filter(isSchema)
  const item = isSchema(schema.items) ? schema.items : {}
  const most = numberIn(schema.maxItems) ?? Infinity
  const least = Math.max(numberIn(schema.minItems) ?? 0, first.length, depth < DEEP ? 1 : 0)
  const values = Array.from({ length: Math.min(least, most, 100) }, (_, i) =>
    valueOf(first[i] ?? item, root, depth + 1, name),
  )
  if (schema.uniqueItems !== true) return values
  const choices = listOf(resolved(item, root).enum)
  return values.map((value, i) => distinct(value, i, choices))
}

/** The i-th of several that must not be the same. */
function distinct(value: unknown, i: number, choices: readonly unknown[]): unknown {
  if (i === 0) return value
  if (choices.length > i) return choices[i]
  if (typeof value === 'number') return value + i
  return typeof value === 'string' ? `${value}-${i + 1}` : value
}

function numberFor(schema: Readonly<Record<string, unknown>>): number {
  const step = numberIn(schema.multipleOf) ?? (schema.type === 'integer' ? 1 : 0)
  const over = numberIn(schema.exclusiveMinimum)
  const under = numberIn(schema.exclusiveMaximum)
  const least = Math.max(numberIn(schema.minimum) ?? -Infinity, over ?? -Infinity)
  const most = Math.min(numberIn(schema.maximum) ?? Infinity, under ?? Infinity)
  const isOk = (n: number) => n >= least && n <= most && n !== over && n !== under
  const candidates = [1, 0, least, least + (step || 1), most, most - (step || 1), (least + most) / 2]
  const onStep =
    step > 0
      ? candidates.flatMap((n) => [Math.ceil(n / step) * step, Math.floor(n / step) * step])
      : candidates
  return onStep.find((n) => Number.isFinite(n) && isOk(n)) ?? 1
}

function textFor(schema: Readonly<Record<string, unknown>>, name: string): string {
  const least = numberIn(schema.minLength) ?? 0
  const most = numberIn(schema.maxLength) ?? Infinity
  const format = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined
  const plain = format ?? name
  if (typeof schema.pattern === 'string') {
    const pattern = patternOf(schema.pattern)
    const fits = [plain, ...TEXTS].find(
      (text) => text.length >= least && text.length <= most && pattern?.test(text),
    )
    if (fits !== undefined) return fits
  }
  return plain.padEnd(Math.min(least, 10_000), '.').slice(0, most)
}

function patternOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u')
  } catch {
    return undefined
  }
}
