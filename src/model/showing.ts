/**
 * What is shown of a stream while it arrives, and what waits until the answer is on the record.
 *
 * S1. Texts and reasoning are shown as they arrive: provisional. Tool calls, requests for approval and the end are withheld until they
 *     are committed, and whatever comes after one that is withheld waits behind it: the order is the record's.
 * S2. A replay shows the same answer, at once; of one that broke off, what had been shown of it.
 * S3. Nobody who stops looking stops the call: its answer was paid for.
 */
import { finishOf, partsBroken, partsOf, type Answer } from './answer.ts'
import { CallIds } from './call-ids.ts'
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from './sdk.ts'

const WITHHELD: ReadonlySet<string> = new Set(['tool-call', 'tool-approval-request', 'finish', 'tool-result'])

export class Showing {
  readonly stream: ReadableStream<LanguageModelV4StreamPart>
  #controller: ReadableStreamDefaultController<LanguageModelV4StreamPart> | undefined
  readonly #withheld: LanguageModelV4StreamPart[] = []
  #ids: CallIds | undefined
  #hasBegun = false
  #isOver = false

  constructor() {
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller
      },
      cancel: () => {
        this.#isOver = true
      },
    })
  }

  /** Whether anything of an answer was shown: then it cannot be taken back. */
  get hasShown(): boolean {
    return this.#hasBegun
  }

  /** A part as it arrives; `operation` is the one it answers. */
  arrives(part: LanguageModelV4StreamPart, operation: string): void {
    this.#ids ??= new CallIds(operation)
    const own = this.#withOwnId(part, this.#ids)
    if (this.#withheld.length > 0 || WITHHELD.has(part.type)) this.#withheld.push(own)
    else if (part.type === 'stream-start' || part.type === 'response-metadata') this.#withholdUntilShown(own)
    else this.#show(own)
  }

  /** Parts that say nothing yet may belong to a try that comes to nothing. */
  readonly #opening: LanguageModelV4StreamPart[] = []

  #withholdUntilShown(part: LanguageModelV4StreamPart): void {
    if (this.#hasBegun) this.#enqueue(part)
    else this.#opening.push(part)
  }

  #show(part: LanguageModelV4StreamPart): void {
    if (part.type !== 'ping' && part.type !== 'raw') {
      this.#hasBegun = true
      for (const one of this.#opening.splice(0)) this.#enqueue(one)
    }
    this.#enqueue(part)
  }

  /** Another try: what was withheld of the one before is none. */
  again(): void {
    this.#withheld.length = 0
    this.#opening.length = 0
    this.#ids = undefined
  }

  /** The answer is on the record. */
  answered(answer: Answer): void {
    if (!this.#hasBegun) for (const part of partsOf(answer)) this.#enqueue(part)
    else {
      const calls = new Map(
        answer.content.flatMap((part) => (part.type === 'tool-call' ? [[part.toolCallId, part]] : [])),
      )
      // A call as it is recorded: nothing runs on what is not.
      for (const part of this.#withheld)
        if (part.type !== 'finish')
          this.#enqueue(part.type === 'tool-call' ? (calls.get(part.toolCallId) ?? part) : part)
      this.#enqueue(finishOf(answer))
    }
    this.#close()
  }

  /** It broke off in another life: the body was shown this much of it. */
  brokeOff(content: readonly LanguageModelV4Content[]): void {
    if (!this.#hasBegun) for (const part of partsBroken(content)) this.#enqueue(part)
  }

  failed(error: unknown): void {
    this.#enqueue({ type: 'error', error })
    this.#close()
  }

  #close(): void {
    if (!this.#isOver) this.#controller?.close()
    this.#isOver = true
  }

  #enqueue(part: LanguageModelV4StreamPart): void {
    if (!this.#isOver) this.#controller?.enqueue(part)
  }

  #withOwnId(part: LanguageModelV4StreamPart, ids: CallIds): LanguageModelV4StreamPart {
    switch (part.type) {
      case 'tool-input-start':
        return { ...part, id: ids.begins(part.id) }
      case 'tool-input-delta':
      case 'tool-input-end':
        return { ...part, id: ids.of(part.id) }
      case 'tool-call':
        return { ...part, toolCallId: ids.called(part.toolCallId) }
      case 'tool-result':
      case 'tool-approval-request':
        return { ...part, toolCallId: ids.of(part.toolCallId) }
      default:
        return part
    }
  }
}
