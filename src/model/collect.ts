/** The parts of a stream, gathered into the answer they make; told on the way what has arrived. */
import type { Answer } from './answer.ts'
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from './sdk.ts'
import type { Fresh, Packed, Texts } from './texts.ts'

interface Block {
  readonly type: 'text' | 'reasoning'
  text: string
  /** The pieces of it that are on the record already, and their length. */
  readonly recorded: string[]
  isRecordedTo: number
  meta?: unknown
  citations?: unknown
}

export class Collector {
  readonly #content: (Block | { readonly part: LanguageModelV4Content })[] = []
  readonly #open = new Map<string, Block>()
  readonly response: { id?: string | undefined; timestamp?: Date | undefined; modelId?: string | undefined } =
    {}
  warnings: Answer['warnings'] = []
  finish: Extract<LanguageModelV4StreamPart, { readonly type: 'finish' }> | undefined
  /** Characters of text and reasoning that have arrived. */
  arrived = 0

  add(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case 'stream-start':
        this.warnings = part.warnings
        return
      case 'response-metadata': {
        const { type: _type, ...said } = part
        Object.assign(
          this.response,
          Object.fromEntries(Object.entries(said).filter(([, v]) => v !== undefined)),
        )
        return
      }
      case 'text-start':
      case 'reasoning-start': {
        const block: Block = {
          type: part.type === 'text-start' ? 'text' : 'reasoning',
          text: '',
          recorded: [],
          isRecordedTo: 0,
        }
        if (part.providerMetadata) block.meta = part.providerMetadata
        this.#content.push(block)
        this.#open.set(`${block.type}\0${part.id}`, block)
        return
      }
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end': {
        const block = this.#open.get(`${part.type.startsWith('text') ? 'text' : 'reasoning'}\0${part.id}`)
        if (!block) return
        if (part.providerMetadata) block.meta = part.providerMetadata
        if ('delta' in part) {
          block.text += part.delta
          this.arrived += part.delta.length
        }
        if (part.type === 'text-end' && part.citations) block.citations = part.citations
        return
      }
      case 'finish':
        this.finish = part
        return
      case 'tool-call':
      case 'tool-result':
      case 'tool-approval-request':
      case 'file':
      case 'reasoning-file':
      case 'source':
      case 'custom':
        this.#content.push({ part })
        return
      default:
    }
  }

  /** What has arrived, in order; `redact` is asked of every text. */
  packed(texts: Texts, fresh: Fresh, redact: <T>(value: T) => T): Packed[] {
    return this.#content.map((one) => {
      if ('part' in one) return texts.pack(redact(one.part), fresh)
      const rest = redact(one.text.slice(one.isRecordedTo))
      const text = one.recorded.length > 0 ? texts.joined([...one.recorded, rest]) : texts.pack(rest, fresh)
      const others = {
        ...(one.citations ? { citations: one.citations } : {}),
        ...(one.meta ? { providerMetadata: one.meta } : {}),
      }
      // Of an object, an object; the text is put in as it is named.
      return { type: one.type, text, ...(texts.pack(redact(others), fresh) as Record<string, Packed>) }
    })
  }

  /** The kinds of what has arrived. */
  get content(): readonly { readonly type: string }[] {
    return this.#content.map((one) => ('part' in one ? one.part : { type: one.type, text: one.text }))
  }

  get hasCalls(): boolean {
    return this.#content.some((one) => 'part' in one && one.part.type === 'tool-call')
  }

  /** The text of the answer so far, without reasoning. */
  get text(): string {
    return this.#content.map((one) => ('part' in one || one.type !== 'text' ? '' : one.text)).join('')
  }

  /** What has arrived and is not on the record: whole words only, so that nothing that must not be recorded is cut in two. */
  unrecorded(redact: <T>(value: T) => T): string[] {
    const pieces: string[] = []
    for (const one of this.#content) {
      if ('part' in one) continue
      const end = one.text.search(/\s\S*$/)
      if (end <= one.isRecordedTo) continue
      const piece = redact(one.text.slice(one.isRecordedTo, end))
      one.recorded.push(piece)
      one.isRecordedTo = end
      pieces.push(piece)
    }
    return pieces
  }
}
