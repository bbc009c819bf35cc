/**
 * `tl.brief` and `tl.acknowledge`: what whoever takes over is given, and that they have read it.
 *
 * B1. A brief is made from the record alone: the same record, asked the same, gives the same bytes, digest and id on every store.
 * B2. It is recorded by what it was made of, once: asking again for what has not changed writes nothing.
 * B3. An acknowledgement is bound to a digest that is true at that moment. A reader is told of later changes by the next brief.
 */
import { createHash } from 'node:crypto'
import { ThroughlineError } from '../errors.ts'
import { AlreadyThere, bodyOf, anew, eventOf, type Append, type Change, type Log } from '../log/index.ts'
import type { Memory } from '../memory/index.ts'
import type { BriefText } from '../task/index.ts'
import { readTokenizer } from '../tokens/index.ts'
import { BadBrief, BriefStale, BriefUnknown } from './errors.ts'
import { briefAcknowledged, briefMade, briefStream, type BriefMade, type BriefSettings } from './events.ts'
import { takingOf } from './handoffs.ts'
import { gather } from './material.ts'
import { pack, type Packed, type PackedSection } from './packing.ts'
import { Records } from './records.ts'
import { changed, sectionsOf, type SectionName } from './sections.ts'
import { textOf } from './thread.ts'
import { toldOf, type Told } from './told.ts'

export interface BriefOptions {
  /** In tokens; 8,000 unless told. */
  readonly budget?: number
  /** Say what changed since then: a time, or a brief that was acknowledged. Of `for` its last acknowledgement unless told. */
  readonly since?: Date | string
  /** Who reads it. */
  readonly for?: string
}

export interface Brief extends BriefText {
  readonly sections: readonly PackedSection[]
  readonly omitted: readonly { readonly section: SectionName; readonly count: number }[]
}

export interface Acknowledgement {
  readonly brief: string
  readonly digest: string
  readonly by: string
  readonly at: Date
  /** Whether the run waited for this reader, and goes on now. */
  readonly tookOver: boolean
}

export interface AcknowledgeOptions {
  /** Of the brief that was read. */
  readonly digest: string
  readonly by: string
  /** What the reader needs to know: shown in briefs until this reader acknowledges another. */
  readonly questions?: readonly string[]
  /** Take over a run that waits for another name: a role, somebody who is away. */
  readonly takeOver?: boolean
}

export interface Proposed {
  readonly brief: Brief
  /** As the run that reads it has it on its record. */
  readonly told: Told
  readonly appends: readonly Append[]
}

export interface Acknowledging {
  readonly appends: readonly Append[]
  readonly unless: Change['unless']
  /** Runs that have something to do then. */
  readonly wakes: readonly string[]
  readonly acknowledgement: Acknowledgement
}

const BUDGET = 8000
const MOST_QUESTIONS = 100

export class Briefs {
  readonly #log: Log
  readonly #memory: Memory
  readonly #records: Records
  readonly #wake: (run: string) => void

  constructor(log: Log, memory: Memory, wake: (run: string) => void = () => {}) {
    this.#wake = wake
    this.#log = log
    this.#memory = memory
    this.#records = new Records(log)
  }

  /** @throws {RunNotFound} @throws {ThreadNotFound} @throws {BriefTooLarge} @throws {BriefUnknown} for a `since` that is no brief of it */
  async brief(subject: string, options: BriefOptions = {}): Promise<Brief> {
    const { brief, appends } = await this.propose(subject, options)
    try {
      if (appends.length > 0) await this.#log.commit({ appends })
    } catch (error) {
      // Somebody asked for the same at the same moment; or this store is only read, and nobody can acknowledge here anyway.
      const isReadOnly = error instanceof ThroughlineError && error.code === 'store_read_only'
      if (!isReadOnly && !(error instanceof AlreadyThere)) throw error
    }
    return brief
  }

  /** A brief, and what is to be recorded of it, if it is not yet. @throws what `brief` throws */
  async propose(subject: string, options: BriefOptions = {}): Promise<Proposed> {
    const settings = await this.#settings(subject, options)
    const { brief, title, packed, material } = await this.#make(subject, settings)
    const { id, digest, tokens, tokenizer, items } = brief
    const made: BriefMade = {
      brief: id,
      subject,
      digest,
      options: settings,
      tokens,
      tokenizer,
      items: items.map((item) => [item.id, item.version]),
      vector: material.vector,
    }
    const [known] = await this.#log.select('briefs', { where: { brief: id }, columns: ['brief'] })
    const append = {
      stream: briefStream(subject),
      expected: 'any',
      events: [eventOf(briefMade, made)],
    } as const
    return { brief, told: toldOf(title, packed, made), appends: known ? [] : [append] }
  }

  /** Binds a reader to what a brief says, and takes over what waits for that reader. @throws {BriefUnknown} @throws {BriefStale} @throws {HandoffTaken} */
  async acknowledge(id: string, options: AcknowledgeOptions): Promise<Acknowledgement> {
    return anew(async () => {
      const { appends, unless, wakes, acknowledgement } = await this.acknowledging(id, options)
      if (appends.length === 0) return acknowledgement
      const { at } = await this.#log.commit({ appends, ...(unless ? { unless } : {}) })
      for (const run of wakes) this.#wake(run)
      return { ...acknowledgement, at: new Date(at) }
    })
  }

  /** What an acknowledgement is to be committed with. @throws what `acknowledge` throws */
  async acknowledging(id: string, options: AcknowledgeOptions): Promise<Acknowledging> {
    const { digest, by, questions = [], takeOver } = options
    textOf('by', by, BadBrief)
    if (!Array.isArray(questions) || questions.length > MOST_QUESTIONS)
      throw new BadBrief('questions', `they must be a list of ${MOST_QUESTIONS} at most.`)
    for (const question of questions) textOf('questions', question, BadBrief)
    const made = await this.#made(id)
    if (!made) throw new BriefUnknown(id, 'no such brief was made from this store')
    if (made.digest !== digest)
      throw new BriefUnknown(id, `its digest is ${made.digest}, and "${String(digest)}" was given`)
    const { subject } = made
    const taking = await takingOf(this.#log, subject, { by, brief: id, digest, takeOver })
    const before = await this.#acknowledged(subject, by)
    const acknowledgement = {
      brief: id,
      digest,
      by,
      at: before?.at ?? new Date(0),
      tookOver: taking !== undefined,
    }
    if (before?.brief === id && questions.length === 0 && !taking)
      return { appends: [], unless: undefined, wakes: [], acknowledgement }
    const { brief, material } = await this.#make(subject, made.options)
    if (brief.digest !== digest) {
      const since = { ...made.options, since: { vector: made.vector, brief: id } }
      const changes = changed(await gather(this.#sources, subject, since), since)
      throw new BriefStale(
        id,
        subject,
        changes.map(({ text }) => text),
      )
    }
    const body = { brief: id, subject, digest, reader: by, vector: material.vector }
    const event = eventOf(
      briefAcknowledged,
      questions.length === 0 ? body : { ...body, questions },
      undefined,
      by,
    )
    return {
      appends: [
        { stream: briefStream(subject), expected: 'any', events: [event, ...(taking?.events ?? [])] },
        ...(taking?.appends ?? []),
      ],
      unless: taking?.unless,
      wakes: taking ? [subject] : [],
      acknowledgement,
    }
  }

  /** @throws {BriefUnknown} */
  async digestOf(id: string): Promise<string> {
    const made = await this.#made(id)
    if (!made) throw new BriefUnknown(id, 'no such brief was made from this store')
    return made.digest
  }

  get #sources() {
    return { log: this.#log, memory: this.#memory, records: this.#records }
  }

  async #make(subject: string, settings: BriefSettings) {
    const tokenizer = readTokenizer()
    const material = await gather(this.#sources, subject, settings)
    const title = material.thread ? `Brief of thread ${subject}` : `Brief of run ${subject}`
    const packed = pack(title, sectionsOf(material, settings), settings.budget, tokenizer, subject)
    return { brief: briefOf(subject, settings, packed, tokenizer.name), title, packed, material }
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
