/**
 * A brief that a run was told, as the run's record has it: items by id and version, never by copy.
 *
 * T1. A replay words the items anew from those versions: the same words, unless an item was erased meanwhile.
 */
import type { Log } from '../log/index.ts'
import { itemsByVersion, type MemoryItem } from '../memory/index.ts'
import type { BriefText } from '../task/index.ts'
import type { BriefMade } from './events.ts'
import type { Line } from './lines.ts'
import { partsOf, type Packed } from './packing.ts'
import { lineOf, type SectionName } from './sections.ts'

type ToldLine =
  | string
  | readonly [item: string, version: number]
  | { readonly t: string; readonly at: readonly [stream: string, seq: number] }

/** What is on the record of the run that read it. */
export interface Told {
  readonly made: Pick<BriefMade, 'brief' | 'subject' | 'digest' | 'tokens' | 'tokenizer' | 'items'>
  readonly title: string
  readonly sections: readonly {
    readonly name: SectionName
    readonly title: string
    readonly lines: readonly ToldLine[]
  }[]
  readonly omitted: Packed['omitted']
  readonly missing: readonly string[]
}

export function toldOf(title: string, { sections, omitted, missing }: Packed, made: BriefMade): Told {
  const { brief, subject, digest, tokens, tokenizer, items } = made
  return {
    made: { brief, subject, digest, tokens, tokenizer, items },
    title,
    sections: sections.map(({ name, title: of, lines }) => ({
      name,
      title: of,
      lines: lines.map(asTold),
    })),
    omitted,
    missing,
  }
}

/** The brief that was told. */
export async function textOf(log: Log, told: Told): Promise<BriefText> {
  const { made, title, omitted, missing } = told
  const items = await itemsByVersion(log, made.items)
  const sections = told.sections.map(({ name, title: of, lines }) => ({
    name,
    title: of,
    lines: lines.map((one) => asLine(one, items, name)),
  }))
  return {
    id: made.brief,
    digest: made.digest,
    subject: made.subject,
    sections,
    items: made.items.map(([id, version]) => ({ id, version })),
    omitted,
    tokens: made.tokens,
    tokenizer: made.tokenizer,
    markdown: partsOf(title, sections, missing).join(''),
  }
}

function asTold({ text, item, event }: Line): ToldLine {
  if (item) return [item.id, item.version]
  return event ? { t: text, at: [event.stream, event.seq] } : text
}

function asLine(one: ToldLine, items: ReadonlyMap<string, MemoryItem>, section: SectionName): Line {
  if (typeof one === 'string') return { text: one }
  if (!('t' in one)) return worded(one, items, section)
  const [stream, seq] = one.at
  return { text: one.t, event: { stream, seq } }
}

function worded(
  [id, version]: readonly [item: string, version: number],
  items: ReadonlyMap<string, MemoryItem>,
  section: SectionName,
): Line {
  const item = items.get(`${id} ${version}`)
  return item && item.status !== 'erased'
    ? lineOf(item, section)
    : { text: `Erased [${id} v${version}]`, item: { id, version } }
}
