/**
 * The functions and operators that rules may use, and what they take and give: `string, string → bool`.
 *
 * The library knows a few more. They are left out because what they answer depends on the machine (time zones).
 * A name with a dot before it is a method: its first parameter is what stands before the dot.
 */
import { ANY, listOfShape, OPEN_MAP, only, type Alternative, type Scalar, type Shape } from './shape.ts'

type Parameter = Scalar | 'any' | 'list' | 'map'
interface Signature {
  readonly takes: readonly Parameter[]
  readonly gives: Parameter
}

const ORDERED = [
  'double, double → bool',
  'int, int → bool',
  'uint, uint → bool',
  'int, double → bool',
  'double, int → bool',
  'uint, double → bool',
  'double, uint → bool',
  'int, uint → bool',
  'uint, int → bool',
  'string, string → bool',
  'time, time → bool',
  'duration, duration → bool',
  'bool, bool → bool',
  'bytes, bytes → bool',
]
const ARITHMETIC = [
  'double, double → double',
  'int, int → int',
  'uint, uint → uint',
  'int, double → double',
  'double, int → double',
]
const TEXT_TEST = ['string, string → bool']
const TIME_PART = ['time → int']

const TABLE: Readonly<Record<string, readonly string[]>> = {
  '_<_': ORDERED,
  '_<=_': ORDERED,
  '_>_': ORDERED,
  '_>=_': ORDERED,
  '_+_': [
    ...ARITHMETIC,
    'string, string → string',
    'bytes, bytes → bytes',
    'list, list → list',
    'time, duration → time',
    'duration, time → time',
    'duration, duration → duration',
  ],
  '_-_': [...ARITHMETIC, 'time, time → duration', 'time, duration → time', 'duration, duration → duration'],
  '_*_': ARITHMETIC,
  '_/_': ARITHMETIC,
  '_%_': ARITHMETIC,
  '-_': ['int → int', 'double → double'],
  size: ['string → int', 'bytes → int', 'list → int', 'map → int'],
  '.size': ['string → int', 'bytes → int', 'list → int', 'map → int'],
  '.contains': TEXT_TEST,
  '.startsWith': TEXT_TEST,
  '.endsWith': TEXT_TEST,
  '.matches': TEXT_TEST,
  int: ['int → int', 'uint → int', 'double → int', 'string → int', 'time → int', 'duration → int'],
  uint: ['uint → uint', 'int → uint', 'double → uint', 'string → uint'],
  double: ['double → double', 'int → double', 'uint → double', 'string → double'],
  bool: ['bool → bool', 'string → bool'],
  string: [
    'string → string',
    'bool → string',
    'int → string',
    'uint → string',
    'double → string',
    'bytes → string',
    'time → string',
    'duration → string',
  ],
  bytes: ['bytes → bytes', 'string → bytes'],
  timestamp: ['time → time', 'string → time', 'int → time'],
  duration: ['duration → duration', 'string → duration', 'int → duration'],
  type: ['any → type'],
  dyn: ['any → any'],
  '.getFullYear': TIME_PART,
  '.getMonth': TIME_PART,
  '.getDate': TIME_PART,
  '.getDayOfMonth': TIME_PART,
  '.getDayOfWeek': TIME_PART,
  '.getDayOfYear': TIME_PART,
  '.getHours': [...TIME_PART, 'duration → int'],
  '.getMinutes': [...TIME_PART, 'duration → int'],
  '.getSeconds': [...TIME_PART, 'duration → int'],
  '.getMilliseconds': [...TIME_PART, 'duration → int'],
}

const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = new Map(
  Object.entries(TABLE).map(([name, lines]) => [name, lines.map(read)]),
)

function read(line: string): Signature {
  const [takes = '', gives = ''] = line.split(' → ')
  // The table above is written in these words; a test reads every line of it through the library.
  return { takes: takes.split(', ') as Parameter[], gives: gives as Parameter }
}

/** Every function that may be called by name, for those who misspelt one. */
export const FUNCTIONS: readonly string[] = [...SIGNATURES.keys()].filter(
  (name) => /^\.?\w+$/.test(name) && name !== '-_',
)

/** What a call may give; undefined where there is no such function, empty where it does not take these. */
export function resultOf(name: string, args: readonly Shape[]): Shape | undefined {
  const signatures = SIGNATURES.get(name)
  if (!signatures) return undefined
  const fitting = signatures.filter(
    ({ takes }) =>
      takes.length === args.length && takes.every((parameter, i) => fits(args[i] ?? [], parameter)),
  )
  const kinds = [...new Set(fitting.map(({ gives }) => gives))]
  return kinds.flatMap((kind) => shapeFor(kind, args))
}

function fits(shape: Shape, parameter: Parameter): boolean {
  return parameter === 'any' || shape.some(({ kind }) => kind === 'any' || kind === parameter)
}

function shapeFor(kind: Parameter, args: readonly Shape[]): Shape {
  if (kind === 'any') return ANY
  if (kind === 'map') return OPEN_MAP
  if (kind !== 'list') return only(kind)
  return listOfShape(() => args.flatMap((arg) => arg.flatMap(itemOf)))
}

/** What the elements of an alternative are; nothing where it has none. */
export function itemOf(one: Alternative): Shape {
  if (one.kind === 'list') return one.item()
  if (one.kind === 'map') return only('string')
  return one.kind === 'any' ? ANY : []
}

/** Every line of the table, for the test that holds it against the library. */
export function signatures(): readonly ({ readonly name: string } & Signature)[] {
  return [...SIGNATURES].flatMap(([name, lines]) => lines.map((line) => ({ name, ...line })))
}
