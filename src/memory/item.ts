/** What is given as an item becomes one, or is refused by name. */
import { encode } from '../log/index.ts'
import type { DecideInput, Item, ItemKind, ItemStatus, LinkType, RememberInput, Rule } from '../task/index.ts'
import { BadItem } from './errors.ts'

const KINDS: readonly ItemKind[] = [
  'decision',
  'fact',
  'commitment',
  'question',
  'constraint',
  'preference',
  'assumption',
  'risk',
]
const STATUSES: readonly ItemStatus[] = [
  'proposed',
  'active',
  'superseded',
  'withdrawn',
  'fulfilled',
  'expired',
  'erased',
]
export const LINKS: readonly LinkType[] = [
  'supersedes',
  'contradicts',
  'supports',
  'depends_on',
  'derived_from',
  'blocks',
  'answers',
]
const ALTERNATIVE = ['option', 'because', 'reopenIf'] as const
export const RULE = ['target', 'forbid', 'require', 'effect'] as const
export const EVIDENCE = ['run', 'step', 'path', 'hash', 'quote', 'url'] as const
const SENSITIVITIES = ['public', 'internal', 'confidential', 'personal'] as const
/** An item is a statement, not a document: what is longer belongs into a file, and its hash into the evidence. */
const MOST_TEXT = 20_000
const MOST_VALUE = 64 * 1024
const MOST_NAME = 150
const MOST_LISTED = 100

/** Who writes, and where, unless the item says otherwise. */
export interface Author {
  readonly author: string
  readonly run: string | undefined
  readonly scope: string
}

/** What becomes an item, decisions included. */
export type ItemInput = Omit<RememberInput, 'kind'> & { readonly kind: ItemKind }

/** A decision's choice is its value, and what it says unless told. */
export function asItem(input: DecideInput): ItemInput {
  const { choice, statement, ...rest } = input
  if (choice === undefined) throw new BadItem('choice', 'a decision needs what was chosen.')
  const said = statement ?? `${input.subject}: ${typeof choice === 'string' ? choice : encode(choice)}`
  return { predicate: 'choice', ...rest, value: choice, statement: said, kind: 'decision' }
}

/** The first version of an item. @throws {BadItem} */
export function newItem(id: string, input: ItemInput, by: Author): Item {
  const { kind } = input
  if (!KINDS.includes(kind)) throw new BadItem('kind', `"${String(kind)}" is none of ${KINDS.join(', ')}.`)
  if (kind === 'decision' && (typeof input.because !== 'string' || input.because.trim() === ''))
    throw new BadItem(
      'because',
      'a decision needs its reason; without one nobody can tell later whether it still holds.',
    )
  const because = optionalText('because', input.because)
  const status = input.status ?? 'active'
  if (status !== 'active' && status !== 'proposed')
    throw new BadItem('status', `an item begins as active or proposed; got ${JSON.stringify(status)}.`)
  const sensitivity = input.sensitivity ?? 'internal'
  if (!SENSITIVITIES.includes(sensitivity))
    throw new BadItem('sensitivity', `give ${SENSITIVITIES.join(', ')}; got ${JSON.stringify(sensitivity)}.`)
  const { confidence } = input
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    throw new BadItem('confidence', `give a number from 0 to 1; got ${String(confidence)}.`)
  const [validFrom, validTo] = [dateOf('validFrom', input.validFrom), dateOf('validTo', input.validTo)]
  if (validFrom && validTo && validTo < validFrom) throw new BadItem('validTo', 'it is before validFrom.')
  if (input.value !== undefined && encode(input.value).length > MOST_VALUE)
    throw new BadItem(
      'value',
      `it is larger than ${MOST_VALUE} characters; put it into a file, and its hash into evidence.`,
    )
  return {
    id,
    version: 1,
    kind,
    status,
    scope: checkScope(input.scope ?? by.scope),
    subject: nameOf('subject', input.subject),
    predicate: input.predicate === undefined ? undefined : nameOf('predicate', input.predicate),
    value: input.value,
    statement: textOf('statement', input.statement),
    because,
    alternatives: listOf('alternatives', input.alternatives, (one) => {
      onlyOf('alternatives', one, ALTERNATIVE)
      textOf('alternatives.option', one.option)
      optionalText('alternatives.because', one.because)
      optionalText('alternatives.reopenIf', one.reopenIf)
    }),
    evidence: listOf('evidence', input.evidence, (one) => {
      onlyOf('evidence', one, EVIDENCE)
      for (const [name, value] of Object.entries(one)) optionalText(`evidence.${name}`, value)
    }),
    rule: checkRule(kind, input.rule),
    links: listOf('links', input.links, ({ type, to }) => {
      if (!LINKS.includes(type))
        throw new BadItem('links', `"${String(type)}" is none of ${LINKS.join(', ')}.`)
      nameOf('links.to', to)
    }),
    validFrom,
    validTo,
    dueAt: dateOf('dueAt', input.dueAt),
    reviewAt: dateOf('reviewAt', input.reviewAt),
    confidence: confidence === 0 ? 0 : confidence, // and not -0
    sensitivity,
    author: by.author,
    run: by.run,
    change: undefined,
  }
}

/** Kinds that are asked for. @throws {BadItem} naming what is no kind */
export function checkKinds(kinds: readonly ItemKind[]): void {
  const wrong = kinds.find((kind) => !KINDS.includes(kind))
  if (wrong !== undefined) throw new BadItem('kinds', `"${String(wrong)}" is none of ${KINDS.join(', ')}.`)
}

/** Statuses that are asked for. @throws {BadItem} naming what is no status */
export function checkStatuses(status: ItemStatus | readonly ItemStatus[]): void {
  const wrong = [status].flat().find((one) => !STATUSES.includes(one))
  if (wrong !== undefined)
    throw new BadItem('status', `"${String(wrong)}" is none of ${STATUSES.join(', ')}.`)
}

/** Whose word it is. @throws {BadItem} */
export const checkAuthor = (by: unknown): string => nameOf('by', by)

/** A name of somebody or something. @throws {BadItem} */
export const checkName = (field: string, value: unknown): string => nameOf(field, value)

/** Why it is changed. @throws {BadItem} */
export const checkReason = (because: unknown): string => textOf('because', because)

/** A path of names: `acme/purchasing`. Empty is the scope above all. @throws {BadItem} */
export function checkScope(scope: unknown): string {
  if (scope === '') return scope
  const isPath =
    typeof scope === 'string' &&
    scope.length <= 500 &&
    scope.split('/').every((part) => part.trim() !== '' && part !== '.' && part !== '..' && isPlain(part))
  if (!isPath)
    throw new BadItem('scope', `${JSON.stringify(scope)} is no path of names such as "acme/purchasing".`)
  return scope
}

/** The scope itself and those above it, nearest first: what holds in any of them holds here. */
export function scopesAbove(scope: string): string[] {
  const parts = scope === '' ? [] : scope.split('/')
  return [...parts.map((_, i) => parts.slice(0, parts.length - i).join('/')), '']
}

const isPlain = (text: string): boolean => text.isWellFormed() && !/[\p{Cc}›]/u.test(text)

function nameOf(field: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MOST_NAME || !isPlain(value))
    throw new BadItem(
      field,
      `it must be text of 1 to ${MOST_NAME} characters without "›" or control characters; got ${shown(value)}.`,
    )
  return value
}

function textOf(field: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MOST_TEXT || !value.isWellFormed())
    throw new BadItem(field, `it must be text of 1 to ${MOST_TEXT} characters; got ${shown(value)}.`)
  return value
}

function optionalText(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(field, value)
}

function dateOf(field: string, value: unknown): Date | undefined {
  if (value === undefined) return undefined
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw new BadItem(field, `it must be a valid Date; got ${shown(value)}.`)
  return value
}

function listOf<T extends object>(
  field: string,
  value: readonly T[] | undefined,
  check: (one: T) => void,
): readonly T[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > MOST_LISTED)
    throw new BadItem(field, `it must be a list of ${MOST_LISTED} at most.`)
  for (const one of value as readonly T[]) {
    if (typeof one !== 'object' || one === null) throw new BadItem(field, `${shown(one)} is no object.`)
    check(one)
  }
  return value
}

/** What nobody reads is not kept in silence. */
function onlyOf(field: string, one: object, known: readonly string[]): void {
  const wrong = Object.keys(one).find((key) => !known.includes(key))
  if (wrong !== undefined) throw new BadItem(field, `"${wrong}" is none of ${known.join(', ')}.`)
}

function shown(value: unknown): string {
  if (typeof value === 'string' && value.length > 60) return `text of ${value.length} characters`
  return typeof value === 'string' ? JSON.stringify(value) : typeof value
}

/** Its condition is looked at when it is recorded (rules/). */
function checkRule(kind: ItemKind, rule: Rule | undefined): Rule | undefined {
  if (rule === undefined) return undefined
  if (kind !== 'decision' && kind !== 'constraint')
    throw new BadItem('rule', `only decisions and constraints bind later work; this is a ${kind}.`)
  onlyOf('rule', rule, RULE)
  return rule
}
