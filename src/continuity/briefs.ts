/**
 * `tl.brief` and `tl.acknowledge`: what whoever takes over is given, and that they have read it.
 *
 * B1. A brief is made from the record alone: the same record, asked the same, gives the same bytes, digest and id on every store.
 * B2. It is recorded by what it was made of, once: asking again for what has not changed writes nothing.
 * B3. An acknowledgement is bound to a digest that is true at that moment. A reader is told of later changes by the next brief.
 */
import { createHash } from 'node:crypto'
import { ThroughlineError } from '../errors.ts'
import { AlreadyThere, bodyOf, eventOf, type Log } from '../log/index.ts'
import type { Memory } from '../memory/index.ts'
import { loadTokenizer, type Tokenizer } from '../tokens/index.ts'
import { BadBrief, BriefStale, BriefUnknown } from './errors.ts'
import { briefAcknowledged, briefMade, briefStream, type BriefMade, type BriefSettings } from './events.ts'
import { gather, type Material } from './material.ts'
import { pack, type Packed, type PackedSection } from './packing.ts'
import { Records } from './records.ts'
import { changed, sectionsOf, type SectionName } from './sections.ts'
import { textOf } from './thread.ts'

export interface BriefOptions {
  /** In tokens; 8,000 unless told. */
  readonly budget?: number
  /** Say what changed since then: a time, or a brief that was acknowledged. Of `for` its last acknowledgement unless told. */
  readonly since?: Date | string
  /** Who reads it. */
  readonly for?: string
}

export interface Brief {
  readonly id: string
  /** SHA-256 of the Markdown: what an acknowledgement is bound to. */
  readonly digest: string
  /** The run or thread it is about. */
  readonly subject: string
  readonly sections: readonly PackedSection[]
  /** The items of memory it names. */
  readonly items: readonly { readonly id: string; readonly version: number }[]
  /** How many lines of which section were left out for size. */
  readonly omitted: readonly { readonly section: SectionName; readonly count: number }[]
  readonly tokens: number
  readonly tokenizer: string
  readonly markdown: string
}

export interface Acknowledgement {
  readonly brief: string
  readonly digest: string
  readonly by: string
  readonly at: Date
}

export interface AcknowledgeOptions {
  /** Of the brief that was read. */
  readonly digest: string
  readonly by: string
  /** What the reader needs to know: shown in briefs until this reader acknowledges another. */
  readonly questions?: readonly string[]
}

const BUDGET = 8000
const MOST_QUESTIONS = 100

export class Briefs {
  readonly #log: Log
  readonly #memory: Memory
  readonly #records: Records
  #tokenizer: Promise<Tokenizer> | undefined

  constructor(log: Log, memory: Memory) {
    this.#log = log
    this.#memory = memory
    this.#records = new Records(log)
  }

  /** @throws {RunNotFound} @throws {ThreadNotFound} @throws {BriefTooLarge} @throws {BriefUnknown} for a `since` that is no brief of it */
  async brief(subject: string, options: BriefOptions = {}): Promise<Brief> {
    const settings = await this.#settings(subject, options)
    const { brief, material } = await this.#make(subject, settings)
    await this.#record(brief, settings, material)
    return brief
  }

  /** Binds a reader to what a brief says. @throws {BriefUnknown} @throws {BriefStale} */
  async acknowledge(
    id: string,
    { digest, by, questions = [] }: AcknowledgeOptions,
  ): Promise<Acknowledgement> {
    textOf('by', by, BadBrief)
    if (!Array.isArray(questions) || questions.length > MOST_QUESTIONS)
      throw new BadBrief('questions', `they must be a list of ${MOST_QUESTIONS} at most.`)
    for (const question of questions) textOf('questions', question, BadBrief)
    const made = await this.#made(id)
    if (!made) throw new BriefUnknown(id, 'no such brief was made from this store')
    if (made.digest !== digest)
      throw new BriefUnknown(id, `its digest is ${made.digest}, and "${String(digest)}" was given`)
    const before = await this.#acknowledged(made.subject, by)
    if (before?.brief === id && questions.length === 0) return { brief: id, digest, by, at: before.at }
    const { brief, material } = await this.#make(made.subject, made.options)
    if (brief.digest !== digest) {
      const news = await gather(this.#sources, made.subject, {
        ...made.options,
        since: { vector: made.vector, brief: id },
      })
      const changes = changed(news, { ...made.options, since: { vector: made.vector, brief: id } })
      throw new BriefStale(
        id,
        made.subject,
        changes.map(({ text }) => text),
      )
    }
    const { subject } = made
    const body = { brief: id, subject, digest, reader: by, vector: material.vector }
    const event = eventOf(
      briefAcknowledged,
      questions.length === 0 ? body : { ...body, questions },
      undefined,
      by,
    )
    const { at } = await this.#log.commit({
      appends: [{ stream: briefStream(subject), expected: 'any', events: [event] }],
    })
    return { brief: id, digest, by, at: new Date(at) }
  }

  get #sources() {
    return { log: this.#log, memory: this.#memory, records: this.#records }
  }

  async #make(subject: string, settings: BriefSettings): Promise<{ brief: Brief; material: Material }> {
    this.#tokenizer ??= loadTokenizer()
    const tokenizer = await this.#tokenizer
    const material = await gather(this.#sources, subject, settings)
    const title = material.thread ? `Brief of thread ${subject}` : `Brief of run ${subject}`
    const packed = pack(title, sectionsOf(material, settings), settings.budget, tokenizer, subject)
    return { brief: briefOf(subject, settings, packed, tokenizer.name), material }
  }

  async #settings(
    subject: string,
    { budget = BUDGET, since, for: reader }: BriefOptions,
  ): Promise<BriefSettings> {
    if (!Number.isSafeInteger(budget) || budget < 1)
      throw new BadBrief('budget', `it must be a whole number of tokens from 1; got ${String(budget)}.`)
    const of = { budget, ...(reader === undefined ? {} : { reader: textOf('for', reader, BadBrief) }) }
    if (since instanceof Date) {
      if (Number.isNaN(since.getTime()))
        throw new BadBrief('since', 'it must be a valid Date, or the id of a brief.')
      return { ...of, since: { at: since.getTime() } }
    }
    if (since !== undefined) {
      const made = await this.#made(since)
      if (made?.subject !== subject)
        throw new BriefUnknown(since, `no such brief of ${subject} was made from this store`)
      return { ...of, since: { vector: made.vector, brief: since } }
    }
    const known = reader === undefined ? undefined : await this.#acknowledged(subject, reader)
    return known ? { ...of, since: { vector: known.vector, brief: known.brief } } : of
  }

  async #made(id: string): Promise<BriefMade | undefined> {
    const [row] = await this.#log.select('briefs', { where: { brief: id } })
    const [event] = row ? await this.#log.eventsAt([Number(row['position'])]) : []
    return event && bodyOf(briefMade, event)
  }

  async #acknowledged(subject: string, reader: string) {
    const [row] = await this.#log.select('acknowledgements', { where: { subject, reader } })
    const [event] = row ? await this.#log.eventsAt([Number(row['position'])]) : []
    return event && { ...bodyOf(briefAcknowledged, event), at: new Date(event.at) }
  }

  async #record(brief: Brief, options: BriefSettings, { vector }: Material): Promise<void> {
    const [known] = await this.#log.select('briefs', { where: { brief: brief.id }, columns: ['brief'] })
    if (known) return
    const { id, subject, digest, tokens, tokenizer, items } = brief
    const body: BriefMade = {
      brief: id,
      subject,
      digest,
      options,
      tokens,
      tokenizer,
      items: items.map((item) => [item.id, item.version]),
      vector,
    }
    try {
      await this.#log.commit({
        appends: [{ stream: briefStream(subject), expected: 'any', events: [eventOf(briefMade, body)] }],
      })
    } catch (error) {
      // Somebody asked for the same at the same moment; or this store is only read, and nobody can acknowledge here anyway.
      const isReadOnly = error instanceof ThroughlineError && error.code === 'store_read_only'
      if (!isReadOnly && !(error instanceof AlreadyThere)) throw error
    }
  }
}

function briefOf(subject: string, settings: BriefSettings, packed: Packed, tokenizer: string): Brief {
  const digest = sha256(packed.markdown)
  const items = new Map(
    packed.sections.flatMap(({ lines }) =>
      lines.flatMap(({ item }) => (item ? [[item.id, item] as const] : [])),
    ),
  )
  return {
    id: `brief_${sha256(JSON.stringify([subject, canonical(settings), digest])).slice(0, 26)}`,
    digest,
    subject,
    sections: packed.sections,
    items: [...items.values()],
    omitted: packed.omitted,
    tokens: packed.tokens,
    tokenizer,
    markdown: packed.markdown,
  }
}

/** What of the settings tells briefs of the same words apart; what was known is named by its brief. */
function canonical({ budget, reader, since }: BriefSettings) {
  return [budget, reader ?? null, since === undefined ? null : 'at' in since ? since.at : since.brief]
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
