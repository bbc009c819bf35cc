/** What is asked to be erased: checked, and the items it is. */
import type { Log, Row } from '../../log/index.ts'
import { BadErasure, ItemNotFound } from '../errors.ts'

/** A subject, whoever wrote it; a person, whatever it is about; or one item. A plain text is a subject. */
export type EraseWhat =
  | string
  | { readonly subject: string }
  | { readonly person: string }
  | { readonly item: string }

export interface EraseOptions {
  /** Why. It stays on the record, so it must not say what is erased. */
  readonly because?: string
  /** Who asks for it; `person` unless told. */
  readonly by?: string
  /** Say what would go, and erase nothing. */
  readonly dryRun?: boolean
}

export interface Asked {
  readonly of: 'subject' | 'person' | 'item'
  readonly name: string
  readonly because: string
  readonly by: string
}

const MOST_TEXT = 2000
const MOST_NAME = 500

/** @throws {BadErasure} */
export function askedOf(what: EraseWhat, options: EraseOptions): Asked {
  const { of, name } = nameOf(what)
  const because = textOf('because', options.because ?? 'asked for', MOST_TEXT)
  const by = textOf('by', options.by ?? 'person', MOST_NAME)
  if (of !== 'item')
    for (const [field, said] of Object.entries({ because, by }))
      if (said.includes(name))
        throw new BadErasure(
          field,
          `it names what is to be erased, and it stays on the record. Give a ticket's number, or another word for it.`,
        )
  return { of, name, because, by }
}

function nameOf(what: EraseWhat): Pick<Asked, 'of' | 'name'> {
  const given = typeof what === 'string' ? { subject: what } : what
  const named = Object.entries(given ?? {}) as (readonly [string, unknown])[]
  const [[of, name] = []] = named
  if (named.length !== 1 || (of !== 'subject' && of !== 'person' && of !== 'item'))
    throw new BadErasure('what', 'give one of { subject }, { person } and { item }.')
  return { of, name: textOf(of, name, MOST_NAME) }
}

function textOf(field: string, value: unknown, most: number): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > most || !value.isWellFormed())
    throw new BadErasure(field, `it must be text of 1 to ${most} characters.`)
  return value
}

/** Every version of the items that are meant, those erased before left out. @throws {ItemNotFound} */
export async function itemsMeant(
  log: Log,
  { of, name }: Pick<Asked, 'of' | 'name'>,
): Promise<readonly Row[]> {
  const column = { subject: 'subject', person: 'author', item: 'item' }[of]
  const rows = await log.select('items', { where: { [column]: name } })
  if (of === 'item' && rows.length === 0) throw new ItemNotFound(name)
  const meant = [
    ...new Set(rows.filter((row) => row['status'] !== 'erased').map((row) => String(row['item']))),
  ]
  const all: Row[] = []
  for (let i = 0; i < meant.length; i += AT_ONCE)
    all.push(
      ...(await log.select('items', {
        where: { item: { in: meant.slice(i, i + AT_ONCE) } },
        order: ['item', 'version'],
      })),
    )
  return all
}

export const AT_ONCE = 500
