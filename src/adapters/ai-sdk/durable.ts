/**
 * `durable`: a route's handler as a task, and its requests as runs.
 *
 *     POST ─▶ run ─▶ handler ─▶ response ─▶ shown as it comes ─▶ the run's output
 *     GET  ─▶ the newest run of that key ─▶ its response from the start
 *
 * D1. The same request under the same key is the same run: a request sent again, by a browser or a proxy, does nothing twice.
 * D2. Nobody who goes away ends a run; `stop` does.
 */
import { hash } from 'node:crypto'
import {
  BodyTooLarge,
  KeyReused,
  task,
  type AnyTask,
  type Duration,
  type RunHandle,
  type Task,
  type TaskDefinition,
  type Throughline,
  durationMs,
} from '../../app/index.ts'
import { routeTools, type ToolSettings } from './ambient.ts'
import { BadRoute } from './errors.ts'
import { addRoute, layerFor } from './layer.ts'
import {
  checkHeaders,
  digestOf,
  jsonOf,
  recordedOf,
  requestOf,
  type RecordedRequest,
  type RouteContext,
} from './request.ts'
import { relay, type RecordedResponse } from './response.ts'
import { show, shown } from './showing.ts'

/** A handler of a web framework. The context is what the framework passes beside the request. */
export type Handler = (
  request: Request,
  context: { readonly params: Promise<never> },
) => Promise<Response> | Response

type OfTask = Pick<
  TaskDefinition<undefined, undefined, unknown>,
  'version' | 'resumes' | 'owner' | 'risk' | 'boundary' | 'recovery'
>

export interface RouteOptions extends OfTask {
  /**
   * By which name a client asks for the stream again: the id of the chat. Unless told, the `id` of a body that the SDK's chat transport sent,
   * or the request's `Idempotency-Key`. Without any, each request is a run of its own, which can be asked for by its id.
   */
  readonly key?: (request: Request, body: never) => string | undefined | Promise<string | undefined>
  /**
   * Whether this caller may, asked before anything else, with the live request and its secrets: `true`, or headers to add to the request that
   * the handler is given and the record keeps, such as who it is. Anything else refuses: a `Response` of its own, or 403.
   */
  readonly admit?: (
    request: Request,
    about: { readonly key: string | undefined },
  ) => Admitted | Promise<Admitted>
  /** Further headers of the request to be recorded; those that carry secrets are not. */
  readonly headers?: readonly string[]
  /** What is said of tools that the SDK does not know of, by their names: see `ctx.tools`. */
  readonly tools?: ToolSettings
  /** How long after its end a response is given to whoever asks for it again; an hour unless told. */
  readonly replayFor?: Duration
}

export type Admitted = boolean | Response | Readonly<Record<string, string>> | undefined

/** A route: give it to the framework. */
export interface Route {
  (request: Request, context?: RouteContext): Promise<Response>
  /** The stream of the newest run of a key, or of a run by its id, from the start of its message; 204 where there is none. */
  readonly resume: (asked: Request | string, context?: RouteContext) => Promise<Response>
  /** Cancels that run. */
  readonly stop: (asked: Request | string, context?: RouteContext) => Promise<Response>
  /** For a layer that is opened by the application. */
  readonly task: Task<RecordedRequest, RecordedResponse>
}

const handlers = new Map<
  string,
  { readonly task: Task<RecordedRequest, RecordedResponse>; handler: Handler; options: RouteOptions }
>()

/**
 * Makes a route's handler a task: the request is its input, every model and tool call inside is on the record, and what it streams goes on
 * in another process when this one dies.
 *
 * @example
 * export const POST = durable('chat', handler)
 * export const GET = POST.resume
 * @throws {BadRoute} @throws {BadTask} without a usable name
 */
export function durable(name: string, handler: Handler, options: RouteOptions = {}): Route {
  if (typeof handler !== 'function')
    throw new BadRoute(name, `The route "${name}" has no handler; give durable a function of a Request.`)
  checkHeaders(name, options.headers ?? [])
  const code = defined(name, handler, options)
  addRoute(code as unknown as AnyTask)
  const route = new Door(name, code, options)
  return Object.assign((request: Request, context?: RouteContext) => route.post(request, context), {
    resume: (asked: Request | string, context?: RouteContext) => route.resume(asked, context),
    stop: (asked: Request | string, context?: RouteContext) => route.stop(asked, context),
    task: code,
  })
}

/** A module may be loaded twice, by a framework that bundles or reloads: what was loaded last counts. */
function defined(
  name: string,
  handler: Handler,
  options: RouteOptions,
): Task<RecordedRequest, RecordedResponse> {
  const known = handlers.get(name)
  if (known) {
    if (process.env['NODE_ENV'] === 'production' && String(known.handler) !== String(handler))
      throw new BadRoute(
        name,
        `Two routes are named "${name}". The name is the identity of their runs: give one of them another.`,
      )
    Object.assign(known, { handler, options })
    return known.task
  }
  const { version, resumes, owner, risk, boundary, recovery } = options
  const code = task({
    name,
    ...(version === undefined ? {} : { version }),
    ...(resumes === undefined ? {} : { resumes }),
    ...(owner === undefined ? {} : { owner }),
    ...(risk === undefined ? {} : { risk }),
    ...(boundary === undefined ? {} : { boundary }),
    ...(recovery === undefined ? {} : { recovery }),
    run(ctx, input) {
      const recorded = input as RecordedRequest // what the route started it with
      const now = handlers.get(name)
      return shown(ctx.run.id, ctx.abortSignal, (life) =>
        routeTools.run(now?.options.tools ?? {}, async () => {
          const params = Promise.resolve(recorded.params as never)
          const response: unknown = await (now?.handler ?? handler)(requestOf(recorded), { params })
          return relay(ctx, name, response, life)
        }),
      )
    },
  }) as unknown as Task<RecordedRequest, RecordedResponse> // as `run` says
  handlers.set(name, { task: code, handler, options })
  return code
}

class Door {
  readonly #name: string
  readonly #task: Task<RecordedRequest, RecordedResponse>
  readonly #options: RouteOptions

  constructor(name: string, code: Task<RecordedRequest, RecordedResponse>, options: RouteOptions) {
    this.#name = name
    this.#task = code
    this.#options = options
  }

  async post(request: Request, context: RouteContext | undefined): Promise<Response> {
    const live = request.clone()
    const recorded = await recordedOf(request, context, this.#options.headers ?? [])
    const key = await this.#keyOf(live.clone(), recorded)
    const admitted = await this.#admitted(live, key)
    if (admitted instanceof Response) return admitted
    const headers = { ...recorded.headers, ...admitted }
    const tl = await this.#layer()
    const run = await this.#start(tl, { ...recorded, headers }, key)
    return run instanceof Response ? run : show(run, tl.isAlone)
  }

  async resume(asked: Request | string, context: RouteContext | undefined): Promise<Response> {
    const found = await this.#find(asked, context)
    if (found instanceof Response) return found
    const { endedAt } = await found.info()
    const replayMs = durationMs(this.#options.replayFor ?? '1h')
    if (endedAt && Date.now() - endedAt.getTime() > replayMs) return nothing()
    return show(found, (await this.#layer()).isAlone)
  }

  async stop(asked: Request | string, context: RouteContext | undefined): Promise<Response> {
    const found = await this.#find(asked, context)
    if (found instanceof Response) return found
    if (!(await found.info()).endedAt) await found.cancel('stopped by its client')
    return nothing()
  }

  async #layer(): Promise<Throughline> {
    return layerFor(this.#task as unknown as AnyTask)
  }

  async #start(
    tl: Throughline,
    recorded: RecordedRequest,
    key: string | undefined,
  ): Promise<RunHandle<RecordedResponse> | Response> {
    const options = key === undefined ? {} : { key: `${prefixOf(key)}${digestOf(recorded)}` }
    try {
      return await tl.start(this.#task, recorded, options)
    } catch (error) {
      if (error instanceof BodyTooLarge)
        return Response.json({ error: { code: error.code, message: error.message } }, { status: 413 })
      // The same request by another host, or with other headers: the key has its digest.
      if (error instanceof KeyReused) return tl.run<RecordedResponse>(String(error.data['runId']))
      throw error
    }
  }

  async #keyOf(request: Request, recorded: RecordedRequest): Promise<string | undefined> {
    const body = jsonOf(recorded)
    const given = this.#options.key
      ? await this.#options.key(request, body as never)
      : (chatOf(body) ?? request.headers.get('idempotency-key') ?? undefined)
    if (given !== undefined && (typeof given !== 'string' || given === ''))
      throw new BadRoute(
        this.#name,
        `The key of route "${this.#name}" came out as ${JSON.stringify(given)}; give text, or undefined for none.`,
      )
    return given
  }

  /** Headers of its own, or why not. What throws refuses as well: the framework says so. */
  async #admitted(
    request: Request,
    key: string | undefined,
  ): Promise<Response | Readonly<Record<string, string>>> {
    if (!this.#options.admit) return {}
    const said = await this.#options.admit(request, { key })
    if (said === true) return {}
    if (said instanceof Response) return said
    if (typeof said === 'object') return said
    return Response.json({ error: { code: 'forbidden', message: 'This is not for you.' } }, { status: 403 })
  }

  /** The newest run of a key, or the run of an id, to those who may have it. */
  async #find(
    asked: Request | string,
    context: RouteContext | undefined,
  ): Promise<RunHandle<RecordedResponse> | Response> {
    const key = typeof asked === 'string' ? asked : await keyIn(asked, context)
    if (key === undefined) return nothing()
    const admitted = typeof asked === 'string' ? {} : await this.#admitted(asked, key)
    if (admitted instanceof Response) return admitted
    const tl = await this.#layer()
    const task = this.#task.name
    const keyed = await tl.log.select('keys', {
      where: { tenant: 'default', scope: '', task, key: { prefix: prefixOf(key) } },
      columns: ['run'],
    })
    const run = keyed.length > 0 ? { in: keyed.map((row) => String(row['run'])) } : key
    const [newest] = await tl.log.select('runs', {
      where: { run, task },
      order: [{ desc: 'position' }],
      limit: 1,
      columns: ['run'],
    })
    return newest ? tl.run<RecordedResponse>(String(newest['run'])) : nothing()
  }
}

const nothing = (): Response => new Response(null, { status: 204 })

const LONGEST = 300

/** What the keys of a chat's runs begin with: of no other chat's. */
function prefixOf(key: string): string {
  const plain = encodeURIComponent(key.toWellFormed())
  return `${plain.length <= LONGEST ? plain : hash('sha256', key)}#`
}

/** The id of a chat, in what the SDK's chat transport sends. */
function chatOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('id' in body)) return undefined
  const isChat = 'messages' in body || 'message' in body
  return isChat && typeof body.id === 'string' && body.id !== '' ? body.id : undefined
}

/** By which name it is asked for: the framework's `id`, the query's, or the last part of the path before `/stream`. */
async function keyIn(request: Request, context: RouteContext | undefined): Promise<string | undefined> {
  const params: unknown = await context?.params
  const named = typeof params === 'object' && params !== null ? Object.values(params as object) : []
  const [only] = named
  if (named.length === 1 && typeof only === 'string') return only
  if (typeof params === 'object' && params !== null && 'id' in params && typeof params.id === 'string')
    return params.id
  const { pathname, searchParams } = new URL(request.url)
  const parts = pathname.replace(/\/(?:stream|stop)?\/?$/, '').split('/')
  return searchParams.get('id') ?? decoded(parts.at(-1))
}

function decoded(part: string | undefined): string | undefined {
  try {
    return part ? decodeURIComponent(part) : undefined
  } catch {
    return undefined
  }
}
