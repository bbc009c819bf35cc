import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { open, openStore, type Throughline } from '../../app/index.ts'
import type { Log } from '../../log/index.ts'
import { mortal } from '../../testing/mortal-log.ts'
import { modelServer, type ModelServer } from '../../testing/model-server/index.ts'
import {
  AbstractChat,
  connect,
  convertToModelMessages,
  createAgentUIStreamResponse,
  createTextStreamResponse,
  DefaultChatTransport,
  durable,
  generateId,
  isStepCount,
  step,
  streamText,
  tool,
  ToolLoopAgent,
  type ChatState,
  type ChatStatus,
  type Route,
  type UIMessage,
} from './index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer()
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const model = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })('small')

class State implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[]
  constructor(messages: UIMessage[] = []) {
    this.messages = messages
  }
  pushMessage = (message: UIMessage) => void (this.messages = [...this.messages, message])
  popMessage = () => void (this.messages = this.messages.slice(0, -1))
  replaceMessage = (at: number, message: UIMessage) =>
    void (this.messages = this.messages.with(at, structuredClone(message)))
  snapshot = <T>(thing: T): T => structuredClone(thing)
}

class Chat extends AbstractChat<UIMessage> {}

/** The SDK's chat, whose requests go to a route. */
function chatOn(route: Route, id = 'chat-1', messages: UIMessage[] = []): Chat {
  const transport = new DefaultChatTransport({
    api: 'http://house.test/api/chat',
    fetch: async (url, init) => {
      const request = new Request(url as string, init)
      return request.method === 'GET' ? route.resume(request) : route(request)
    },
  })
  return new Chat({ id, state: new State(messages), transport })
}

const textOf = (message: UIMessage | undefined) =>
  (message?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('|')

let store: Log
let tl: Throughline
let routes = 0
const name = () => `chat ${++routes}`
async function opened(route: Route, log = store): Promise<Throughline> {
  tl = await open({ store: log, tasks: [route.task as never], lingerMs: 50 })
  await connect(tl)
  return tl
}
beforeEach(() => {
  store = openStore('memory:')
})
afterEach(() => tl.close())

const saved: string[] = []
const called: string[] = []
beforeEach(() => {
  saved.length = 0
  called.length = 0
})

/** A route as it would be in a framework, but for its import line. */
const chat = () =>
  durable(name(), async (request) => {
    const { messages } = (await request.json()) as { messages: UIMessage[] }
    const result = streamText({
      model: model(),
      messages: await convertToModelMessages(messages),
      tools: {
        weather: tool({
          description: 'The weather in a city',
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            called.push(city)
            return { city, celsius: 21 }
          },
        }),
      },
      stopWhen: isStepCount(3),
      onFinish: ({ text }) =>
        step('save', () => void saved.push(text), {
          effect: 'once',
          reconcile: () => (saved.includes(text) ? { done: true, value: undefined } : { done: false }),
        }),
    })
    return result.toUIMessageStreamResponse()
  })

const words = 'It is twenty-one degrees in Paris, and the sun shines all day long.'
function script({ messages }: { readonly messages: readonly { readonly role: string }[] }) {
  return messages.some(({ role }) => role === 'tool')
    ? { text: words, pace: { betweenMs: 3 } }
    : { text: 'Let me look.', toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] }
}

test('the SDK’s chat is answered, with a message whose id is the run’s', async () => {
  server.script(script)
  const route = chat()
  await opened(route)
  const client = chatOn(route)
  await client.sendMessage({ text: 'How warm is it?' })
  expect(client.status).toBe('ready')
  expect(client.messages).toHaveLength(2)
  const [, answer] = client.messages
  const [run] = (await tl.runs.list()).runs
  expect(answer?.id).toBe(run?.id.replace('run_', 'msg_'))
  expect(textOf(answer)).toBe(`Let me look.|${words}`)
  expect(answer?.parts.map(({ type }) => type)).toEqual([
    ...['step-start', 'text', 'tool-weather', 'step-start', 'text'],
  ])
  expect(saved).toEqual([words])
  await vi.waitFor(async () => expect((await tl.runs.list()).runs[0]?.status).toBe('done'))
})

test('the same request again is the same run; another one is another', async () => {
  server.script(({ prompt }) => `You said ${prompt}`)
  const route = chat()
  await opened(route)
  const client = chatOn(route)
  await client.sendMessage({ text: 'one' })
  const body = JSON.stringify({
    id: 'chat-1',
    messages: client.messages.slice(0, 1),
    trigger: 'submit-message',
  })
  const post = (headers = {}) =>
    route(new Request('http://house.test/api/chat', { method: 'POST', body, headers })).then((one) =>
      one.text(),
    )
  const first = await post()
  expect(await post({ 'user-agent': 'another' })).toBe(first)
  await client.sendMessage({ text: 'two' })
  expect(client.messages.map(textOf)).toEqual(['one', 'You said one', 'two', 'You said two'])
  expect((await tl.runs.list()).runs).toHaveLength(2)
  expect(saved).toEqual(['You said one', 'You said two'])
})

test('a page that is loaded anew gets the newest message of its chat from the start, once', async () => {
  server.script(script)
  const route = chat()
  await opened(route)
  const first = chatOn(route)
  const sending = first.sendMessage({ text: 'How warm is it?' })
  await vi.waitFor(() => expect(textOf(first.messages[1])).toContain('twenty'))
  const reloaded = chatOn(route, 'chat-1', first.messages.slice(0, 1))
  await Promise.all([sending, reloaded.resumeStream()])
  expect(reloaded.messages).toEqual(first.messages)
  await reloaded.resumeStream()
  expect(reloaded.messages).toEqual(first.messages)
  const other = chatOn(route, 'another chat')
  await other.resumeStream()
  expect(other.messages).toEqual([])
  expect(other.status).toBe('ready')
  expect(server.requests).toHaveLength(2)
})

test('whoever goes away ends nothing, and stop does', async () => {
  server.script(() => ({ text: words, pace: { betweenMs: 20 } }))
  const route = chat()
  await opened(route)
  const client = chatOn(route)
  const sending = client.sendMessage({ text: 'Talk' })
  await vi.waitFor(() => expect(textOf(client.messages[1])).not.toBe(''))
  await client.stop()
  await sending
  await client.resumeStream()
  expect(textOf(client.messages[1])).toBe(words)

  const again = client.sendMessage({ text: 'Talk on' })
  await vi.waitFor(() => expect(textOf(client.messages[3])).not.toBe(''))
  expect((await route.stop('chat-1')).status).toBe(204)
  await again
  expect((await tl.runs.list({ status: 'cancelled' })).runs).toHaveLength(1)
  expect(saved).toEqual([words])
})

test(
  'a process dies at every commit: the message is the same, its effects happen once',
  { timeout: 120_000 },
  async () => {
    for (let at = 1; ; at++) {
      server.clear()
      server.script(script)
      saved.length = 0
      const route = chat()
      store = openStore('memory:')
      const dying = mortal(store)
      await opened(route, dying.log)
      let commits = 0
      const died = new Promise<boolean>((resolve) => {
        store.onCommit(() => {
          if (++commits < at) return
          dying.die()
          resolve(true)
        })
      })
      const client = chatOn(route)
      const sending = client.sendMessage({ text: 'How warm is it?' })
      const hasDied = await Promise.race([died, sending.then(() => false)])
      if (!hasDied) break
      const before = [...client.messages]
      const next = await open({ store, tasks: [route.task as never], lingerMs: 50 })
      await connect(next)
      const reloaded = chatOn(route, 'chat-1', before)
      await reloaded.resumeStream()
      expect(textOf(reloaded.messages[1]), `died at commit ${at}`).toBe(`Let me look.|${words}`)
      expect(reloaded.messages, `died at commit ${at}`).toHaveLength(2)
      expect(saved, `died at commit ${at}`).toEqual([words])
      await next.close()
    }
  },
)

test('a message that waits for a person is put out of memory, and goes on to the same browser', async () => {
  server.script(script)
  const route = durable(
    name(),
    async (request) => {
      const { messages } = (await request.json()) as { messages: UIMessage[] }
      return streamText({
        model: model(),
        messages: await convertToModelMessages(messages),
        tools: {
          weather: tool({
            inputSchema: z.object({ city: z.string() }),
            execute: async ({ city }) => (called.push(city), { city, celsius: 21 }),
          }),
        },
        stopWhen: isStepCount(3),
      }).toUIMessageStreamResponse()
    },
    { tools: { weather: { approval: { to: 'ops' } } } },
  )
  await opened(route)
  const client = chatOn(route)
  const sending = client.sendMessage({ text: 'How warm is it?' })
  await vi.waitFor(async () => expect((await tl.inbox.list()).questions).toHaveLength(1))
  await vi.waitFor(() => expect(tl.load.residents).toBe(0))
  const [question] = (await tl.inbox.list()).questions
  await tl.inbox.answer(question?.id ?? '', { approved: true, digest: question?.digest }, { by: 'ada' })
  await sending
  expect(client.status).toBe('ready')
  expect(textOf(client.messages[1])).toBe(`Let me look.|${words}`)
  expect(client.messages).toHaveLength(2)
  expect(called).toEqual(['Paris'])
})

test('a handler’s own id of a message stays, and what it draws is the same in every life', async () => {
  server.script(() => 'Hello.')
  const ids: string[] = []
  const route = durable(name(), async (request) => {
    const { messages } = (await request.json()) as { messages: UIMessage[] }
    return streamText({
      model: model(),
      messages: await convertToModelMessages(messages),
    }).toUIMessageStreamResponse({
      originalMessages: messages,
      generateMessageId: generateId,
      onFinish: ({ responseMessage }) => step('save', () => void ids.push(responseMessage.id)),
    })
  })
  await opened(route)
  const client = chatOn(route)
  await client.sendMessage({ text: 'Hi' })
  expect(ids).toEqual([client.messages[1]?.id])
  expect(client.messages[1]?.id).toMatch(/^\w{16}$/)
})

test('other responses go through as they are: their status, their headers, text and bytes', async () => {
  server.script(() => ({ text: words, pace: { betweenMs: 1 } }))
  const route = durable(name(), async (request, { params }) => {
    const { what } = (await params) as { what: string }
    const headers = { 'x-house': 'yes', 'set-cookie': 'session=1' }
    if (what === 'bytes') return new Response(Uint8Array.of(0, 255, 1), { status: 201, headers })
    if (what === 'nothing') return new Response(null, { status: 204 })
    if (what === 'json') return Response.json({ said: await request.text() }, { status: 422 })
    return createTextStreamResponse({ stream: streamText({ model: model(), prompt: 'Talk' }).textStream })
  })
  await opened(route)
  const ask = (what: string) =>
    route(new Request('http://house.test/x', { method: 'POST', body: 'ÿ' }), {
      params: Promise.resolve({ what }),
    })
  const bytes = await ask('bytes')
  expect([bytes.status, bytes.headers.get('x-house'), bytes.headers.get('set-cookie')]).toEqual([
    201,
    'yes',
    null,
  ])
  expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(Uint8Array.of(0, 255, 1))
  expect((await ask('nothing')).status).toBe(204)
  const json = await ask('json')
  expect([json.status, await json.json()]).toEqual([422, { said: 'ÿ' }])
  const text = await ask('text')
  const run = text.headers.get('x-throughline-run') ?? ''
  expect(await text.text()).toBe(words)
  await vi.waitFor(async () => expect(await (await tl.run(run)).status()).toBe('done'))
  const again = await route.resume(run)
  expect(await again.text()).toBe(words)
})

test('a handler that fails is answered with 500, and says no more than which run it was', async () => {
  const route = durable(name(), () => {
    throw new Error('the password is 1234')
  })
  await opened(route)
  const response = await route(new Request('http://house.test/x', { method: 'POST', body: '{}' }))
  expect(response.status).toBe(500)
  const text = await response.text()
  expect(text).toContain('run_')
  expect(text).not.toContain('1234')
  const none = durable(name(), () => undefined as never)
  expect((await none(new Request('http://house.test/x'))).status).toBe(500)
  const [failed] = (await tl.runs.list({ status: 'failed' })).runs
  expect(failed).toMatchObject({ mode: 'bad_route' })
})

test('an agent that answers by the SDK’s own response is on the record', async () => {
  server.script(script)
  const agent = new ToolLoopAgent({
    model: model(),
    tools: {
      weather: tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => (called.push(city), { city, celsius: 21 }),
      }),
    },
  })
  const route = durable(name(), async (request) => {
    const { messages } = (await request.json()) as { messages: UIMessage[] }
    return createAgentUIStreamResponse({ agent, uiMessages: messages })
  })
  await opened(route)
  const client = chatOn(route)
  await client.sendMessage({ text: 'How warm is it?' })
  expect(textOf(client.messages[1])).toBe(`Let me look.|${words}`)
  const [run] = (await tl.runs.list()).runs
  const kinds = (await Array.fromAsync(tl.history(run?.id ?? ''))).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'model.answered')).toHaveLength(2)
  expect(kinds.filter((kind) => kind === 'tool.returned')).toHaveLength(1)
})

test('a request that is too large for the record is told so, and starts nothing', async () => {
  const route = durable(name(), () => new Response('hello'))
  tl = await open({ store: openStore('memory:', { maxBodyBytes: 10_000 }), tasks: [route.task as never] })
  await connect(tl)
  const body = 'x'.repeat(20_000)
  const response = await route(new Request('http://house.test/x', { method: 'POST', body }))
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { code: 'body_too_large' } })
  expect((await tl.runs.list()).runs).toEqual([])
})

test('keys of strangers never meet, whatever is in them', async () => {
  server.script(({ prompt }) => `You said ${prompt}`)
  const route = chat()
  await opened(route)
  const keys = ['a', 'a#', 'a%', 'a%23', 'ab', '../a', '%', '_', '\ud800', 'ä'.repeat(400), 'ä'.repeat(401)]
  for (const key of keys)
    await chatOn(route, key).sendMessage({ text: encodeURIComponent(key.toWellFormed()) })
  for (const key of keys) expect(await (await route.resume(key)).text()).toContain('"type":"finish"')
  const runs = await Promise.all(
    keys.map(async (key) => (await route.resume(key)).headers.get('x-throughline-run')),
  )
  expect(new Set(runs).size).toBe(keys.length)
  expect((await route.resume('b')).status).toBe(204)
  expect((await route.resume('run_nobody')).status).toBe(204)
})

test('who may ask is asked first, with what never reaches the record', async () => {
  const route = durable(
    name(),
    (request) =>
      Response.json({
        user: request.headers.get('x-user'),
        cookie: request.headers.get('cookie'),
        locale: request.headers.get('x-locale'),
      }),
    {
      headers: ['x-locale'],
      admit: (request, { key }) =>
        request.headers.get('cookie') === 'session=ada' && key !== 'bobs' ? { 'x-user': 'ada' } : undefined,
    },
  )
  await opened(route)
  const request = (id: string, cookie: string, method = 'POST') =>
    new Request(`http://house.test/api/chat${method === 'GET' ? `/${id}/stream` : ''}`, {
      method,
      headers: { cookie, 'x-locale': 'de' },
      ...(method === 'GET' ? {} : { body: JSON.stringify({ id, messages: [] }) }),
    })
  expect((await route(request('adas', 'session=eve'))).status).toBe(403)
  expect((await route(request('bobs', 'session=ada'))).status).toBe(403)
  const admitted = await route(request('adas', 'session=ada'))
  expect(await admitted.json()).toEqual({ user: 'ada', cookie: null, locale: 'de' })
  expect((await route.resume(request('adas', 'session=eve', 'GET'))).status).toBe(403)
  expect((await route.resume(request('adas', 'session=ada', 'GET'))).status).toBe(200)
  expect((await tl.runs.list()).runs).toHaveLength(1)
  for await (const event of tl.history((await tl.runs.list()).runs[0]?.id ?? ''))
    expect(JSON.stringify(event)).not.toContain('session=ada')
})

test.each([
  ['no handler', () => durable('x', undefined as never), /has no handler/],
  [
    'a secret header',
    () => durable('x', () => new Response(), { headers: ['Authorization'] }),
    /carries a secret/,
  ],
])('a route with %s is refused', (_what, define, message) => {
  expect(define).toThrow(
    expect.objectContaining({ code: 'bad_route', message: expect.stringMatching(message) as string }),
  )
})
