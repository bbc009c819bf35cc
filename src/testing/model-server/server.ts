/**
 * A server that speaks as models do: OpenAI-compatible chat completions and embeddings, and Anthropic's messages. It answers by
 * script, and fails on demand. Real HTTP: clients cannot tell it from the real thing, and processes can be killed around it.
 *
 * S1. The same request is answered with the same, unless a script says otherwise. No model is behind it, and nothing leaves the machine.
 * S2. A connection is broken off by a fault or by `close`, never by a time-out of the server's own.
 * S3. It refuses what the real ones refuse: histories with calls unanswered, thinking that was changed on its way back.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readTokenizer, type Tokenizer } from '../../tokens/index.ts'
import { anthropic } from './anthropic.ts'
import { NO_USAGE, type Answer, type Said, type Script, type Usage } from './answer.ts'
import { Unreadable, type Asked, type Wire } from './asked.ts'
import { Book, type BookedRequest, type Mutable } from './book.ts'
import { controlled } from './control.ts'
import { defaultAnswer } from './defaults.ts'
import { deliver, refuse } from './delivery.ts'
import { embed } from './embeddings.ts'
import { Faults, outcomeOf, type FaultRule, type Outcome } from './faults.ts'
import { openai } from './openai.ts'
import { badRequest, json } from './refusals.ts'
import { usageOf, withinTokens } from './spending.ts'
import type { Made, WireFormat } from './wire.ts'

export interface ModelServerOptions {
  /** Any free one unless told. */
  readonly port?: number
  /** 127.0.0.1 unless told: only this machine. */
  readonly host?: string
  /** What is answered; see `script`. */
  readonly script?: Script | readonly Said[]
  /** Ids of tool calls begin with `call_0` in each answer, as those of some servers do. */
  readonly repeatsCallIds?: boolean
  /** Of how many requests the contents stay in `requests`; 1,000 unless told. */
  readonly keep?: number
}

export interface ModelServer {
  /** `http://127.0.0.1:41234`; its own addresses are below: `POST /faults`, `GET /requests`. */
  readonly url: string
  /** The `baseURL` of an OpenAI-compatible provider. */
  readonly openai: string
  /** The `baseURL` of an Anthropic provider. */
  readonly anthropic: string
  /** Every request so far, in the order of arrival, with what it spent. */
  readonly requests: readonly BookedRequest[]
  /** What all of them spent. */
  readonly spent: () => Usage
  /** What is answered from now on: a function of the request, or a list, one a request; then the default. */
  readonly script: (script: Script | readonly Said[]) => void
  /** A fault for the next request it fits. @throws {TypeError} there is no such fault */
  readonly fault: (rule: FaultRule) => void
  /** Forgets faults, script and requests. */
  readonly clear: () => void
  /** Breaks off every connection. */
  readonly close: () => Promise<void>
}

const MOST_BYTES = 64 * 1024 * 1024
const CHAT: Readonly<Record<string, { readonly wire: Wire; readonly format: WireFormat }>> = {
  '/v1/chat/completions': { wire: 'openai', format: openai },
  '/v1/messages': { wire: 'anthropic', format: anthropic },
}

/** Starts a server; it listens when this resolves. */
export async function modelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const desk = new Desk(readTokenizer(), options)
  // S2: a kept connection that the server closes by its own clock looks like a reset to whoever is about to use it.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    void desk.answer(request, response)
  })
  await listening(server, options)
  // A server that listens on TCP has an address with a port.
  const { port, address, family } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  return {
    url,
    openai: `${url}/v1`,
    anthropic: `${url}/v1`,
    get requests() {
      return desk.book.list()
    },
    spent: () => desk.book.spent(),
    script: desk.script,
    fault: desk.fault,
    clear: desk.clear,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function listening(
  server: Server,
  { port = 0, host = '127.0.0.1' }: ModelServerOptions,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Where requests are answered. */
class Desk {
  readonly book: Book
  readonly faults = new Faults()
  readonly #tokenizer: Tokenizer
  readonly #repeatsCallIds: boolean
  #script: Script = () => undefined
  #arrived = 0
  /** How often each body was answered: no two answers have one id. */
  readonly #answered = new Map<string, number>()

  constructor(tokenizer: Tokenizer, { keep = 1000, repeatsCallIds = false, script }: ModelServerOptions) {
    this.book = new Book(keep)
    this.#tokenizer = tokenizer
    this.#repeatsCallIds = repeatsCallIds
    if (script) this.script(script)
  }

  readonly script = (script: Script | readonly Said[]): void => {
    if (typeof script === 'function') this.#script = script
    else {
      const left = [...script]
      this.#script = () => left.shift()
    }
  }

  readonly fault = (rule: FaultRule): void => {
    this.faults.add(rule)
  }

  readonly clear = (): void => {
    this.faults.clear()
    this.book.clear()
    this.#script = () => undefined
    this.#answered.clear()
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const chat = request.method === 'POST' ? CHAT[path] : undefined
    try {
      const text = await bodyOf(request)
      if (chat) await this.#chat(request, response, chat, path, text)
      else this.#other(request, response, path, text)
    } catch (error) {
      // The client went away: nobody is there to be told.
      if (response.destroyed) return
      const message = error instanceof Error ? error.message : String(error)
      const refusal =
        error instanceof Unreadable
          ? badRequest(chat?.format ?? openai, message)
          : json(500, { error: { message } })
      if (response.headersSent) response.destroy()
      else response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(refusal.body)
    }
  }

  #other(request: IncomingMessage, response: ServerResponse, path: string, text: string): void {
    const method = request.method ?? 'GET'
    if (`${method} ${path}` === 'POST /v1/embeddings') return this.#embed(request, response, path, text)
    const refusal =
      controlled(this, method, path, () => parsed(text)) ??
      (`${method} ${path}` === 'GET /v1/models'
        ? json(200, {
            object: 'list',
            data: [{ id: 'dev', object: 'model', created: 0, owned_by: 'throughline' }],
          })
        : json(404, {
            error: { message: `There is no ${method} ${path} here.`, type: 'not_found', code: null },
          }))
    response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(refusal.body)
  }

  async #chat(
    request: IncomingMessage,
    response: ServerResponse,
    { wire, format }: { wire: Wire; format: WireFormat },
    path: string,
    text: string,
  ): Promise<void> {
    const asked = this.#read(wire, format, path, text)
    const row = this.book.open({ ...asked, path, at: Date.now(), asked })
    const gone = goneOf(request, response, row)
    const outcome = await this.#outcome(asked, row)
    gone.throwIfAborted()
    const delivery = { response, row, format, gone }
    if (outcome.kind === 'refusal') refuse(delivery, outcome.refusal)
    else if (outcome.kind === 'silence') {
      if (outcome.answer) row.spent = this.#made(asked, format, outcome.answer).usage
      this.#beSilent(response, row, outcome)
    } else await deliver(delivery, this.#made(asked, format, outcome.answer), outcome.spoil, outcome.options)
  }

  #read(wire: Wire, format: WireFormat, path: string, text: string): Asked {
    const n = ++this.#arrived
    const body = this.#readable({ n, wire, path, text }, () => parsed(text))
    const read = this.#readable({ n, wire, path, text }, () => format.read(body))
    return {
      ...read,
      n,
      wire,
      prompt: read.messages.findLast(({ role }) => role === 'user')?.text ?? '',
      turn: read.messages.filter(({ role }) => role === 'assistant').length,
      digest: digestOf(text),
      body: body as Asked['body'], // a wire reads objects only
    }
  }

  /** What cannot be read is in the book as well. */
  #readable<T>(about: { n: number; wire: Wire; path: string; text: string }, read: () => T): T {
    try {
      return read()
    } catch (error) {
      const { text, ...rest } = about
      const nothing = { model: '', isStream: false, digest: digestOf(text), asked: undefined }
      const row = this.book.open({ ...rest, ...nothing, at: Date.now() })
      row.standing = 'refused'
      row.status = 400
      row.endedAt = row.at
      throw error
    }
  }

  async #outcome(asked: Asked, row: Mutable): Promise<Outcome> {
    const rule = this.faults.take(asked)
    const said: Said = rule ?? (await this.#script(asked))
    if (typeof said === 'object' && 'fault' in said) {
      row.fault = said.fault
      return outcomeOf(said, asked, Date.now())
    }
    return {
      kind: 'answer',
      answer: typeof said === 'string' ? { text: said } : (said ?? defaultAnswer(asked)),
    }
  }

  #made(asked: Asked, format: WireFormat, given: Answer): Made {
    const answer = withinTokens(asked, given, this.#tokenizer)
    const k = (this.#answered.get(asked.digest) ?? 0) + 1
    this.#answered.set(asked.digest, k)
    return {
      asked,
      answer,
      usage: usageOf(asked, answer, this.#tokenizer),
      id: format.id(asked.digest, k),
      callIds: (answer.toolCalls ?? []).map(
        ({ id }, i) =>
          id ?? (this.#repeatsCallIds ? `call_${i}` : `call_${asked.digest.slice(0, 12)}_${k}_${i}`),
      ),
      model: answer.model ?? asked.model,
      created: Math.floor(Date.now() / 1000),
    }
  }

  #beSilent(response: ServerResponse, row: Mutable, { how }: { how: 'hang' | 'reset' }): void {
    if (how === 'hang') return
    row.standing = 'cut'
    response.socket?.resetAndDestroy()
  }

  #embed(request: IncomingMessage, response: ServerResponse, path: string, text: string): void {
    const about = { n: ++this.#arrived, wire: 'openai' as const, path, text }
    const { model, input, body } = this.#readable(about, () => embed(parsed(text), this.#tokenizer))
    const { n, wire } = about
    const known = { n, wire, path, model, isStream: false, digest: digestOf(text) }
    const row = this.book.open({ ...known, at: Date.now(), asked: undefined })
    goneOf(request, response, row)
    const fault = this.faults.take({ wire, model, prompt: text })
    const outcome = fault && outcomeOf(fault, { ...NOTHING_ASKED, model }, Date.now())
    row.fault = fault?.fault
    if (outcome?.kind === 'refusal') return refuse({ response, row }, outcome.refusal)
    if (outcome) return this.#beSilent(response, row, { how: fault?.fault === 'hang' ? 'hang' : 'reset' })
    row.spent = { ...NO_USAGE, input }
    row.status = 200
    const whole = JSON.stringify(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(whole, () => {
      row.standing = 'answered'
      row.isWhole = true
    })
  }
}

const NOTHING_ASKED: Asked = {
  n: 0,
  wire: 'openai',
  model: '',
  isStream: false,
  messages: [],
  prompt: '',
  turn: 0,
  tools: [],
  mustCall: undefined,
  schema: undefined,
  maxTokens: undefined,
  digest: '',
  body: {},
}

/** Fires when the client goes before its answer is whole; the row says so. */
function goneOf(request: IncomingMessage, response: ServerResponse, row: Mutable): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (row.standing === 'open') row.standing = 'left'
    row.endedAt = Date.now()
    gone.abort()
  })
  // A torn connection may reach the request only; it is of no account there.
  request.on('error', () => {})
  response.on('error', () => {})
  return gone.signal
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    // Nothing set an encoding: chunks are buffers.
    const buffer = chunk as Buffer
    bytes += buffer.length
    if (bytes > MOST_BYTES)
      throw new Unreadable(`The body of the request is larger than ${MOST_BYTES} bytes.`)
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Unreadable('We could not parse the JSON body of your request.')
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
