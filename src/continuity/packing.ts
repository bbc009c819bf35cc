/**
 * What of the sections goes into a budget of tokens, and what is left out and says so.
 *
 * P1. What must be said is said whole, or nothing is said and the error names the size (`brief_too_large`).
 * P2. The rest is taken section by section: first each up to its share, then in order of importance as long as there is room.
 * P3. Tokens are counted line by line, so that the same lines always come to the same sum.
 */
import type { Tokenizer } from '../tokens/index.ts'
import { BriefTooLarge } from './errors.ts'
import { chosen, type Line } from './lines.ts'
import type { Section, SectionName } from './sections.ts'

/** Never left out. */
const MUST: ReadonlySet<SectionName> = new Set([
  'goal',
  'decisions',
  'constraints',
  'in_doubt',
  'first_action',
])
/** Of the rest, what is given room first. */
const ORDER: readonly SectionName[] = [
  'remains',
  'effects',
  'commitments',
  'questions',
  'said',
  'changed',
  'failed',
  'met',
  'done',
  'known',
]
/** Here the newest are taken first. */
const NEWEST_FIRST: ReadonlySet<SectionName> = new Set([
  'done',
  'effects',
  'said',
  'failed',
  'met',
  'changed',
])
const SHARE = 1 / ORDER.length

export interface PackedSection extends Section {
  readonly lines: readonly Line[]
}

export interface Packed {
  readonly markdown: string
  readonly tokens: number
  readonly sections: readonly PackedSection[]
  readonly omitted: readonly { readonly section: SectionName; readonly count: number }[]
  /** What is said of that. */
  readonly missing: readonly string[]
}

/** What is taken of a section. */
interface Taken {
  readonly section: Section
  readonly costs: Map<number, number>
  next: number
}

const opening = (title: string): string => `# ${title}\n`
const heading = (title: string): string => `\n## ${title}\n\n`
const bullet = ({ text }: Line): string => `- ${text}\n`
const leftOut = (title: string, count: number): string =>
  `- ${title}: ${count} ${count === 1 ? 'line' : 'lines'}\n`
const LEFT_OUT = 'Left out for size'

const whole = (section: Section): PackedSection => ({
  ...section,
  lines: chosen(section.lines, () => true),
})

/** @throws {BriefTooLarge} */
export function pack(
  title: string,
  sections: readonly Section[],
  budget: number,
  { count }: Tokenizer,
  subject: string,
): Packed {
  const must = sections.filter(({ name }) => MUST.has(name)).map(whole)
  const rest = ORDER.flatMap((name) => sections.filter((section) => section.name === name))
  const needed =
    count(opening(title)) +
    must.reduce(
      (sum, { title: of, lines }) =>
        sum + count(heading(of)) + lines.reduce((n, one) => n + count(bullet(one)), 0),
      0,
    )
  // Room to say of everything else that it was left out, should it come to that.
  const toSay = (of: readonly Section[]): number =>
    of.length === 0
      ? 0
      : count(heading(LEFT_OUT)) +
        of.reduce((sum, one) => sum + count(leftOut(one.title, one.lines.length)), 0)
  if (needed + toSay(rest) > budget) throw new BriefTooLarge(subject, budget, needed + toSay(rest))
  let left = budget - needed - toSay(rest)
  const taken = rest.map((section): Taken => ({ section, costs: new Map(), next: 0 }))
  const take = (one: Taken, most: number): void => {
    const { section, costs } = one
    const { lines, name } = section
    for (let room = Math.min(left, most); one.next < lines.length; one.next++) {
      const at = NEWEST_FIRST.has(name) ? lines.length - 1 - one.next : one.next
      const first = costs.size === 0 ? count(heading(section.title)) : 0
      const line = lines.at(at)
      const cost = first + (line ? count(bullet(line)) : 0)
      if (cost > room) return
      costs.set(at, cost)
      room -= cost
      left -= cost
    }
  }
  const share = Math.floor(left * SHARE)
  for (const one of taken) take(one, share)
  for (const one of taken) take(one, left)
  const kept = new Map(taken.map(({ section, costs }) => [section.name, costs]))
  const shown = sections.flatMap((section): readonly PackedSection[] => {
    if (MUST.has(section.name)) return [whole(section)]
    const costs = kept.get(section.name)
    return costs?.size ? [{ ...section, lines: chosen(section.lines, (i) => costs.has(i)) }] : []
  })
  const omitted = sections.flatMap(({ name, lines }) => {
    const gone = MUST.has(name) ? 0 : lines.length - (kept.get(name)?.size ?? 0)
    return gone === 0 ? [] : [{ section: name, count: gone }]
  })
  const titles = new Map(sections.map(({ name, title: of }) => [name, of]))
  const missing = omitted.map((one) => leftOut(titles.get(one.section) ?? '', one.count))
  const parts = partsOf(title, shown, missing)
  return {
    markdown: parts.join(''),
    tokens: parts.reduce((sum, text) => sum + count(text), 0),
    sections: shown,
    omitted,
    missing,
  }
}

/** The Markdown of sections, and what it says is missing, in pieces. */
export function partsOf(
  title: string,
  sections: readonly { readonly title: string; readonly lines: readonly Line[] }[],
  missing: readonly string[],
): readonly string[] {
  return [
    opening(title),
    ...sections.flatMap(({ title: of, lines }) => [heading(of), ...lines.map(bullet)]),
    ...(missing.length === 0 ? [] : [heading(LEFT_OUT), ...missing]),
  ]
}
