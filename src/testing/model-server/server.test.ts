import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  embedMany,
  generateText,
  isStepCount,
  Output,
  streamText,
  tool,
  type LanguageModel,
  type ModelMessage,
} from 'ai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { modelServer, type ModelServer } from './index.ts'

let server: ModelServer
beforeEach(async () => {
  server = await modelServer()
})
afterEach(() => server.close())

const wires = ['openai', 'anthropic'] as const
function modelOf(wire: (typeof wires)[number], at = server): LanguageModel {
  return wire === 'openai'
    ? createOpenAICompatible({
        name: 'dev',
        baseURL: at.openai,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })('dev-1')
    : createAnthropic({ baseURL: at.anthropic, apiKey: 'none' })('claude-sonnet-4-5')
}
const search = tool({
  description: 'Looks something up',
  inputSchema: z.object({ query: z.string().min(3), limit: z.number().int().min(5).max(10) }),
  execute: ({ query }) => `found ${query}`,
})
const once_ = { maxRetries: 0 } as const

describe.each(wires)('%s', (wire) => {
  test('answers a text, whole and streamed, with the usage that is in the book', async () => {
    const model = modelOf(wire)
    const { text, usage, finishReason } = await generateText({ model, prompt: 'Good morning' })
    expect(text).toBe('You said: Good morning')
    expect(finishReason).toBe('stop')
    const streamed = streamText({ model, prompt: 'Good morning' })
    let sum = ''
    for await (const piece of streamed.textStream) sum += piece
    expect(sum).toBe(text)
    expect(await streamed.usage).toMatchObject({
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
    })
    expect(
      server.requests.map(({ standing, isWhole, spent }) => [standing, isWhole, spent.input, spent.output]),
    ).toEqual([
      ['answered', true, usage.inputTokens, usage.outputTokens],
      ['answered', true, usage.inputTokens, usage.outputTokens],
    ])
    expect(server.spent().input).toBe((usage.inputTokens ?? 0) * 2)
  })

  test('calls a tool the prompt names with arguments that fit, and tells what it said', async () => {
    for (const stream of [false, true]) {
      const asked = {
        model: modelOf(wire),
        tools: { search },
        prompt: 'Please use search.',
        stopWhen: isStepCount(5),
      }
      const result = stream ? streamText(asked) : await generateText(asked)
      const steps = await result.steps
      expect(steps).toHaveLength(2)
      expect(steps[0]?.toolCalls[0]?.input).toEqual({ query: 'query', limit: 5 })
      expect(await result.text).toBe('The tool said: found query')
    }
  })

  test('gives what fits a schema', async () => {
    const schema = z.object({
      name: z.string(),
      kind: z.enum(['invoice', 'letter']),
      lines: z.array(z.object({ cents: z.number().int().min(100) })).min(2),
    })
    const { output } = await generateText({
      model: modelOf(wire),
      prompt: 'Classify',
      output: Output.object({ schema }),
    })
    expect(schema.parse(output)).toEqual({
      name: 'name',
      kind: 'invoice',
      lines: [{ cents: 100 }, { cents: 100 }],
    })
  })

  test('says what a script says, then the default; a function is asked each time', async () => {
    const model = modelOf(wire)
    server.script(['one', { text: 'two', usage: { input: 500, cacheRead: 400 }, model: 'dev-2' }])
    const say = async (prompt: string) => generateText({ model, prompt, ...once_ })
    expect((await say('a')).text).toBe('one')
    const two = await say('a')
    expect(two.text).toBe('two')
    expect(two.usage.inputTokenDetails.cacheReadTokens).toBe(400)
    expect(two.usage.inputTokens).toBe(500)
    expect(two.response.modelId).toBe('dev-2')
    expect((await say('a')).text).toBe('You said: a')
    server.script(({ prompt, turn }) => `${prompt} ${turn}`)
    expect((await say('b')).text).toBe('b 0')
    expect(new Set(server.requests.map(({ id }) => id)).size).toBe(4)
    expect(server.requests[0]?.digest).toBe(server.requests[1]?.digest)
  })

  test('never writes more than it was allowed to', async () => {
    const { text, usage, finishReason } = await generateText({
      model: modelOf(wire),
      prompt: 'word '.repeat(100),
      maxOutputTokens: 10,
    })
    expect(text.length).toBeGreaterThan(5)
    expect(usage.outputTokens).toBeLessThanOrEqual(10)
    expect(finishReason).toBe('length')
  })

  test('thinks before it speaks', async () => {
    server.script(() => ({ reasoning: 'Let me see.', text: 'Yes.' }))
    const { text, reasoningText, usage } = await generateText({ model: modelOf(wire), prompt: 'a' })
    expect([reasoningText, text]).toEqual(['Let me see.', 'Yes.'])
    expect(usage.outputTokenDetails.reasoningTokens).toBe(4)
  })

  test('books what was generated when the client dies in mid-stream', async () => {
    server.script(() => ({ text: 'word '.repeat(500), pace: { betweenMs: 5 } }))
    const stop = new AbortController()
    const { textStream } = streamText({
      model: modelOf(wire),
      prompt: 'a',
      abortSignal: stop.signal,
      onError: () => {},
    })
    let pieces = 0
    for await (const _ of textStream) if (++pieces === 10) stop.abort()
    await expect.poll(() => server.requests[0]?.standing).toBe('left')
    const { spent, isWhole } = server.requests[0]!
    expect(isWhole).toBe(false)
    expect(spent.input).toBeGreaterThan(0)
    expect(spent.output).toBeGreaterThanOrEqual(10)
    expect(spent.output).toBeLessThan(100)
  })

  test('breaks off in mid-stream: torn, ended, or with an error in it', async () => {
    for (const fault of ['reset_mid_stream', 'ends_early', 'error_chunk'] as const) {
      server.fault({ fault, after: 2, answer: { text: 'one two three four five' } })
      const seen: string[] = []
      const { stream } = streamText({ model: modelOf(wire), prompt: 'a', onError: () => {}, ...once_ })
      try {
        for await (const part of stream) seen.push(part.type === 'text-delta' ? part.text : part.type)
      } catch {
        seen.push('thrown')
      }
      expect(seen.join('')).toContain('one two')
      expect(seen.join('')).not.toContain('three')
      const last = server.requests.at(-1)!
      expect([last.fault, last.standing, last.isWhole]).toEqual([fault, 'cut', false])
      expect(last.spent.output).toBeGreaterThan(0)
    }
  })

  test('refuses with what the provider says, as often as it was told, and says when to come again', async () => {
    server.fault({ fault: 'rate_limit', retryAfter: 2, times: 2, skip: 1 })
    const model = modelOf(wire)
    const say = () => generateText({ model, prompt: 'a', ...once_ })
    await say()
    for (let i = 0; i < 2; i++)
      await expect(say()).rejects.toMatchObject({ statusCode: 429, responseHeaders: { 'retry-after': '2' } })
    await say()
    expect(server.requests.map(({ status, standing, spent }) => [status, standing, spent.input > 0])).toEqual(
      [
        [200, 'answered', true],
        [429, 'refused', false],
        [429, 'refused', false],
        [200, 'answered', true],
      ],
    )
  })

  test('a fault may have cost the work of an answer that nobody got', async () => {
    server.fault({ fault: 'reset', isBilled: true })
    server.fault({ fault: 'reset' })
    for (let i = 0; i < 2; i++)
      await expect(generateText({ model: modelOf(wire), prompt: 'a', ...once_ })).rejects.toThrow(
        'Cannot connect',
      )
    expect(server.requests.map(({ standing, spent }) => [standing, spent.output > 0])).toEqual([
      ['cut', true],
      ['cut', false],
    ])
  })

  test('refuses a history in which a tool speaks that nobody called', async () => {
    const result = { type: 'tool-result', toolCallId: 'c1', toolName: 'search' } as const
    const messages: ModelMessage[] = [
      { role: 'user', content: 'a' },
      { role: 'tool', content: [{ ...result, output: { type: 'text', value: 'x' } }] },
    ]
    await expect(generateText({ model: modelOf(wire), messages, ...once_ })).rejects.toMatchObject({
      statusCode: 400,
    })
    expect(server.requests.at(-1)?.standing).toBe('refused')
  })
})

test('thinking that was changed on its way back is refused', async () => {
  server.script([{ reasoning: 'Two and two is four.', text: 'Four.' }])
  const model = modelOf('anthropic')
  const { responseMessages } = await generateText({ model, prompt: 'a' })
  const go = (text: string) =>
    generateText({
      model,
      ...once_,
      messages: [
        { role: 'user', content: 'a' },
        ...responseMessages.map((message) =>
          // Only the text of the thought is another.
          JSON.parse(JSON.stringify(message).replace('Two and two is four.', text)),
        ),
        { role: 'user', content: 'b' },
      ],
    })
  expect((await go('Two and two is four.')).text).toBe('You said: b')
  await expect(go('Two and two is five.')).rejects.toThrow('Invalid `signature`')
})

test('many clients at once: every answer is whole and in the book', async () => {
  const models = wires.map((wire) => modelOf(wire))
  const texts = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const asked = { model: models[i % 2]!, prompt: `number ${i}` }
      return i % 4 < 2 ? (await generateText(asked)).text : streamText(asked).text
    }),
  )
  expect(texts).toEqual(texts.map((_, i) => `You said: number ${i}`))
  expect(server.requests.filter(({ isWhole }) => isWhole)).toHaveLength(200)
  expect(server.requests.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
})

test('a client that is killed leaves its request in the book, and the server answers on', async () => {
  server.fault({ fault: 'hang' })
  const client = spawn(process.execPath, [
    '-e',
    `fetch(process.argv[1], { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a' }] }) })`,
    `${server.openai}/chat/completions`,
  ])
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1)
  expect(server.requests[0]?.standing).toBe('open')
  client.kill('SIGKILL')
  await once(client, 'exit')
  await expect.poll(() => server.requests[0]?.standing).toBe('left')
  expect((await generateText({ model: modelOf('openai'), prompt: 'a' })).text).toBe('You said: a')
})

test('faults, scripts and the book can be had over HTTP', async () => {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) })
    return [response.status, await response.json()] as const
  }
  expect((await post('/faults', [{ fault: 'overloaded', times: 'always' }]))[0]).toBe(200)
  await expect(generateText({ model: modelOf('anthropic'), prompt: 'a', ...once_ })).rejects.toMatchObject({
    statusCode: 529,
  })
  await fetch(`${server.url}/faults`, { method: 'DELETE' })
  await post('/script', ['scripted'])
  expect((await generateText({ model: modelOf('anthropic'), prompt: 'a', ...once_ })).text).toBe('scripted')
  const book = (await (await fetch(`${server.url}/requests`)).json()) as { standing: string }[]
  expect(book.map(({ standing }) => standing)).toEqual(['refused', 'answered'])
  expect(await (await fetch(`${server.url}/spend`)).json()).toEqual(server.spent())
  for (const bad of [
    { fault: 'nonsense' },
    { fault: 'hang', times: 0 },
    { fault: 'hang', retryAfter: 'soon' },
    { fault: 'hang', colour: 'red' },
    [null],
  ])
    expect(await post('/faults', bad)).toMatchObject([400, { error: { message: expect.any(String) } }])
  expect(await (await fetch(`${server.url}/faults`)).json()).toEqual([])
})

test('bodies nobody can read are refused as the wire refuses, and booked', async () => {
  const post = async (path: string, body: string) =>
    (await fetch(server.openai + path, { method: 'POST', body })).status
  for (const path of ['/chat/completions', '/messages', '/embeddings'])
    for (const body of ['', 'null', '{', '[]', '{"model":"m"}', '{"model":"m","messages":[3],"input":[]}'])
      expect(await post(path, body)).toBe(400)
  expect(server.requests).toHaveLength(18)
  expect(server.requests.every(({ standing, status }) => standing === 'refused' && status === 400)).toBe(true)
  expect(await post('/nowhere', '{}')).toBe(404)
})

test('embeds: what has words in common is near', async () => {
  const provider = createOpenAICompatible({ name: 'dev', baseURL: server.openai })
  const { embeddings, usage } = await embedMany({
    model: provider.embeddingModel('embed'),
    values: ['the red house', 'a red house', 'taxes are due'],
  })
  const [a = [], b = [], c = []] = embeddings
  const near = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0)
  expect(near(a, a)).toBeCloseTo(1)
  expect(near(a, b)).toBeGreaterThan(near(a, c) + 0.2)
  expect(server.requests[0]?.spent.input).toBe(usage.tokens)
  server.fault({ fault: 'unavailable' })
  await expect(
    embedMany({ model: provider.embeddingModel('embed'), values: ['a'], maxRetries: 0 }),
  ).rejects.toMatchObject({ statusCode: 503 })
})

test('call ids come again where that is asked for', async () => {
  const other = await modelServer({
    repeatsCallIds: true,
    script: () => ({ toolCalls: [{ name: 'search', args: {} }] }),
  })
  const { toolCalls } = await generateText({
    model: modelOf('openai', other),
    tools: { search },
    prompt: 'a',
  })
  const again = await generateText({ model: modelOf('openai', other), tools: { search }, prompt: 'b' })
  await other.close()
  expect([toolCalls[0]?.toolCallId, again.toolCalls[0]?.toolCallId]).toEqual(['call_0', 'call_0'])
})

test('closing breaks off what hangs', async () => {
  const other = await modelServer()
  other.fault({ fault: 'hang' })
  const hanging = generateText({ model: modelOf('openai', other), prompt: 'a', ...once_ }).catch(
    () => 'broken off',
  )
  await expect.poll(() => other.requests.length).toBe(1)
  await other.close()
  expect(await hanging).toBe('broken off')
})
