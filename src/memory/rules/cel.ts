/**
 * The CEL library as the rules use it: the only file that imports it.
 *
 * The library weighs 11 MB installed. The build therefore replaces this file's output by a bundle of it
 * (`scripts/vendor.ts`), and nobody who installs the package installs the library. For that to work
 *
 * C1. nothing of ours is imported here: it would come along a second time;
 * C2. every type that leaves is spelled here, so that the declarations name no package that is not installed.
 */
import {
  celEnv,
  celFunc,
  celList,
  celMap,
  celMethod,
  CelScalar,
  isCelError,
  objectType,
  parse,
  plan,
} from '@bufbuild/cel'
import { isCelList, isCelMap, type CelValue } from '@bufbuild/cel'
import { timestampDate, timestampFromMs, TimestampSchema, type Timestamp } from '@bufbuild/protobuf/wkt'
import { RE2JS } from '@bufbuild/re2'

/** A node of a parsed expression: the part of the library's type that is read. */
export interface Expr {
  readonly id: bigint
  readonly exprKind:
    | { readonly case: 'constExpr'; readonly value: { readonly constantKind: Constant } }
    | { readonly case: 'identExpr'; readonly value: { readonly name: string } }
    | { readonly case: 'selectExpr'; readonly value: Select }
    | { readonly case: 'callExpr'; readonly value: Call }
    | { readonly case: 'listExpr'; readonly value: { readonly elements: readonly Expr[] } }
    | { readonly case: 'structExpr'; readonly value: Struct }
    | { readonly case: 'comprehensionExpr'; readonly value: Comprehension }
    | { readonly case: undefined; readonly value?: undefined }
}
export interface Constant {
  readonly case: string | undefined
  readonly value?: unknown
}
export interface Select {
  readonly operand?: Expr | undefined
  readonly field: string
  readonly testOnly: boolean
}
export interface Call {
  readonly target?: Expr | undefined
  readonly function: string
  readonly args: readonly Expr[]
}
export interface Struct {
  readonly messageName: string
  readonly entries: readonly {
    readonly keyKind: { readonly case: string | undefined; readonly value?: unknown }
    readonly value?: Expr | undefined
  }[]
}
export interface Comprehension {
  readonly iterVar: string
  readonly iterRange?: Expr | undefined
  readonly accuInit?: Expr | undefined
  readonly loopStep?: Expr | undefined
}
export interface Parsed {
  readonly expr: Expr
  readonly sourceInfo?: { readonly positions: Readonly<Record<string, number>> } | undefined
}

/** A value of CEL; `bigint` is its int, `number` its double. Lists and maps are made by `listOf` and `mapOf`. */
export type Value = unknown

/** A parsed expression made ready: answers with its value, or with an error as a value (`errorIn`). */
export type Plan = (bindings: Readonly<Record<string, Value>>) => Value

const { INT, DOUBLE } = CelScalar
const TIMESTAMP = objectType(TimestampSchema)

/** Patterns are compiled once: the library would compile them again for each element of a list. */
const patterns = new Map<string, RE2JS>()
const KEPT_PATTERNS = 1000

/** A regular expression of RE2, whose time is linear in the text. @throws where it is none */
export function compilePattern(pattern: string): { test(text: string): boolean } {
  const known = patterns.get(pattern)
  if (known) return known
  const made = RE2JS.compile(pattern)
  if (patterns.size >= KEPT_PATTERNS) patterns.clear()
  patterns.set(pattern, made)
  return made
}

/** Numbers of JSON are doubles and literals such as 2 are ints: CEL refuses their sum, people do not. */
const mixed = (['_+_', '_-_', '_*_', '_/_', '_%_'] as const).flatMap((name) => {
  const apply = {
    '_+_': (l: number, r: number) => l + r,
    '_-_': (l: number, r: number) => l - r,
    '_*_': (l: number, r: number) => l * r,
    '_/_': (l: number, r: number) => l / r,
    '_%_': (l: number, r: number) => l % r,
  }[name]
  return [
    celFunc(name, [DOUBLE, INT], DOUBLE, (l, r) => apply(l, Number(r))),
    celFunc(name, [INT, DOUBLE], DOUBLE, (l, r) => apply(Number(l), r)),
    ...(name === '_%_' ? [celFunc(name, [DOUBLE, DOUBLE], DOUBLE, apply)] : []),
  ]
})

/** The library reads the parts of a time through the machine's own time zone, and loses an hour where clocks change. */
const parts: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
}

function environment() {
  return celEnv({
    re2: { compile: compilePattern },
    funcs: [
      ...mixed,
      ...Object.entries(parts).map(([name, of]) =>
        celMethod(name, TIMESTAMP, [], INT, function () {
          return BigInt(of(timestampDate(this.message as Timestamp)))
        }),
      ),
      // CEL counts seconds; the library takes milliseconds.
      celFunc('timestamp', [INT], TIMESTAMP, (seconds) => timestampFromMs(Number(seconds) * 1000)),
    ],
  })
}

/** Made by the first rule, not on import; it holds functions only, nothing of any rule. */
let shared: ReturnType<typeof environment> | undefined

/** @throws where the text is no expression; the error has a `location` */
export function parseText(text: string): Parsed {
  return parse(text)
}

export function planOf(expr: Expr): Plan {
  shared ??= environment()
  // An Expr is only ever what `parseText` gave: the library's own type, of which ours spells a part.
  return plan(shared, expr as Parameters<typeof plan>[1]) as Plan
}

/**
 * Runs without stack traces: the library makes an error for each element that lacks a field, and most of the time of a
 * rule with no answer went into traces that nobody reads.
 */
export function withoutTraces<T>(work: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The message of an error that stands for a value. */
export function errorIn(value: Value): string | undefined {
  return isCelError(value) ? value.message : undefined
}

export const listOf = (items: readonly Value[]): Value => celList(items as readonly CelValue[])

/** A map over anything that reads like one: its entries are asked for only when an expression does. */
export const mapOf = (entries: ReadonlyMap<string | bigint | boolean, Value>): Value =>
  celMap(entries as ReadonlyMap<string, CelValue>)

/** @throws where the time is none, or not within the years 1 to 9999 */
export function timeOf(date: Date): Value {
  const ms = date.getTime()
  if (!(ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999))
    throw new RangeError('a time outside the years 1 to 9999')
  return timestampFromMs(ms)
}

/** The elements of a list, the keys of a map; undefined for all else. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (isCelList(value)) return [...value]
  return isCelMap(value) ? [...value.keys()] : undefined
}

/** Whether a map has nothing under a key. */
export function lacks(value: Value, key: Value): boolean {
  return isCelMap(value) && value.get(key as string) === undefined
}

export function isMap(value: Value): boolean {
  return isCelMap(value)
}

export function isList(value: Value): boolean {
  return isCelList(value)
}
