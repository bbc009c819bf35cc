/** A correction as it is given, checked; and held against what is there. */
import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '../../log/index.ts'
import type { Corrected, Feedback, GivenFeedback } from '../../task/index.ts'
import { BadFeedback, FeedbackStale } from './errors.ts'
import { keysOf, lookUp, pathText } from './place.ts'

const MOST_TEXT = 20_000
const MOST_NAME = 150
const MOST_KEYS = 100

/** What a correction is once its shape is checked. */
export type Checked = Corrected & Pick<GivenFeedback, 'id' | 'asConvention'>

/** @throws {BadFeedback} */
export function checked(run: string, given: GivenFeedback): Checked {
  if (typeof given !== 'object' || given === null)
    throw new BadFeedback(run, 'correction', 'give { path, was, is, by, because }.')
  const keys = keysOf(given.path)
  if (!keys || keys.length > MOST_KEYS)
    throw new BadFeedback(
      run,
      'path',
      `${typeof given.path === 'string' ? JSON.stringify(given.path.slice(0, 100)) : 'it'} is no place in an output; write it as rows[3].category, or as a list of its keys.`,
    )
  for (const field of ['was', 'is'] as const)
    if (!(field in given))
      throw new BadFeedback(run, field, 'it is missing; undefined is given by name, too.')
  const by = nameOf(run, 'by', given.by) ?? 'person'
  const id = nameOf(run, 'id', given.id)
  const { because, asConvention } = given
  if (because !== undefined && !isText(because, MOST_TEXT))
    throw new BadFeedback(run, 'because', `it must be text of 1 to ${MOST_TEXT} characters.`)
  const isRequest =
    asConvention === undefined ||
    typeof asConvention === 'boolean' ||
    (typeof asConvention === 'object' && asConvention !== null)
  if (!isRequest)
    throw new BadFeedback(run, 'asConvention', 'give true, false, or the parts of the convention.')
  const [was, is] = [decode(encode(given.was)), decode(encode(given.is))] // as the record says it
  const path = pathText(keys)
  return {
    run,
    path,
    keys,
    was,
    is,
    by,
    ...(because === undefined ? {} : { because }),
    ...(id === undefined ? {} : { id }),
    ...(asConvention === undefined ? {} : { asConvention }),
  }
}

/** @throws {BadFeedback} the place is not there, or nothing would change @throws {FeedbackStale} something else is there */
export function holdAgainst(standing: unknown, given: Checked, earlier: readonly Feedback[]): void {
  const { run, keys, was, is } = given
  const path = shownPath(keys)
  const found = lookUp(standing, keys)
  if (!found.isThere)
    throw new BadFeedback(
      run,
      'path',
      `${path} is not in the output: at ${shownPath(found.at)}, where "${found.key}" was looked for, there is ${found.known}.`,
    )
  if (!isDeepStrictEqual(found.value, was)) {
    const before = earlier.findLast((one) => isWithin(one.keys, keys) || isWithin(keys, one.keys))
    throw new FeedbackStale(run, path, shown(was), shown(found.value), before?.by)
  }
  if (isDeepStrictEqual(was, is)) throw new BadFeedback(run, 'is', `${path} is ${shown(is)} already.`)
}

export const shownPath = (keys: Corrected['keys']): string =>
  keys.length === 0 ? 'the output' : pathText(keys)

/** A value in a sentence. */
export function shown(value: unknown): string {
  if (value === undefined) return 'undefined'
  const text = typeof value === 'string' ? JSON.stringify(value) : encode(value)
  return text.length > 80 ? `${text.slice(0, 79)}…`.toWellFormed() : text
}

const isWithin = (keys: Corrected['keys'], outer: Corrected['keys']): boolean =>
  outer.every((key, i) => String(keys[i]) === String(key))

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && value.isWellFormed()

function nameOf(run: string, field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (!isText(value, MOST_NAME) || /[\p{Cc}›]/u.test(value))
    throw new BadFeedback(
      run,
      field,
      `it must be text of 1 to ${MOST_NAME} characters without "›" or control characters.`,
    )
  return value
}
