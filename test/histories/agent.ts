/** An agent whose history is kept: a model that fails once, tools, a person's answer, limits, a window that was made smaller. */
import { retry, task, window, type Context } from 'throughline'

type Model = Exclude<Parameters<Context['model']>[0], string>
type Prompt = Parameters<Model['doGenerate']>[0]['prompt']
type Answer = Awaited<ReturnType<Model['doGenerate']>>

const LONG = 'All of it is on the record. '.repeat(200)
const usage: Answer['usage'] = {
  inputTokens: { total: 100, noCache: 90, cacheRead: 10, cacheWrite: 0 },
  outputTokens: { total: 20, text: 15, reasoning: 5 },
}
let asked = 0

/** Says what the number of tool results calls for. */
const thinker: Model = {
  specificationVersion: 'v4',
  provider: 'openai.chat',
  modelId: 'gpt-5',
  supportedUrls: {},
  doGenerate({ prompt }) {
    const turn = prompt.filter(({ role }) => role === 'tool').length
    if (turn === 0 && ++asked === 1)
      return Promise.reject(Object.assign(new Error('overloaded'), { statusCode: 503, isRetryable: true }))
    const call = (toolName: string, args: object): Answer => ({
      content: [
        { type: 'reasoning', text: `Turn ${turn}.`, providerMetadata: { openai: { signature: 'kept' } } },
        { type: 'tool-call', toolCallId: 'call_0', toolName, input: JSON.stringify(args) },
      ],
      finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
      usage,
      warnings: [],
    })
    if (turn === 0) return Promise.resolve(call('read', { name: 'a' }))
    if (turn === 1) return Promise.resolve(call('send', { to: 'ada', text: LONG }))
    const text = `After ${turn} tools: ${LONG}`
    return Promise.resolve({
      content: [{ type: 'text', text }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage,
      warnings: [],
    })
  },
  doStream: () => Promise.reject(new Error('nothing here streams')),
}

async function talk(ctx: Context, prompt: Prompt, tools: ToolSet): Promise<string> {
  const model = ctx.model(thinker)
  for (;;) {
    const { content } = await model.doGenerate({ prompt, maxOutputTokens: 100 })
    const call = content.find((part) => part.type === 'tool-call')
    if (!call) return content.flatMap((part) => (part.type === 'text' ? part.text : [])).join('')
    const { toolCallId, toolName } = call
    const input: unknown = JSON.parse(call.input)
    const value = await tools[toolName]?.execute(input, { toolCallId })
    const spoken = content.flatMap((part) =>
      part.type === 'reasoning' ? [{ type: 'reasoning' as const, text: part.text }] : [],
    )
    prompt.push({ role: 'assistant', content: [...spoken, { type: 'tool-call', toolCallId, toolName, input }] })
    const output = { type: 'json' as const, value: value as never }
    prompt.push({ role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] })
  }
}

type ToolSet = Readonly<Record<string, { execute(input: unknown, given: { toolCallId: string }): Promise<unknown> }>>

export const agent = task({
  name: 'history-agent',
  boundary: { budget: { costUsd: 5, tokens: 1_000_000, modelCalls: 50 }, context: { maxTokens: 7000 } },
  recovery: { providerOutage: retry({ attempts: 3, initial: '1m', jitter: false }) },
  async run(ctx) {
    const tools = ctx.tools(
      {
        read: { execute: (input: unknown) => Promise.resolve({ input, body: LONG }) },
        send: { execute: () => Promise.resolve({ sent: true }) },
      },
      { read: { effect: 'read' }, send: { once: true, effect: 'reversible' } },
    ) as ToolSet
    const prompt: Prompt = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: `Read, then send. ${LONG}` }] },
    ]
    const first = await talk(ctx, prompt, tools)
    const centre = await ctx.ask('Which cost centre?', { to: 'lead' })
    const kept = ctx.context.open({ maxTokens: 7000, compaction: window({ last: 2 }) })
    for (let i = 0; i < 6; i++) kept.add({ role: i % 2 === 0 ? 'user' : 'assistant', content: `${i} ${LONG}` })
    kept.add({ role: 'user', content: 'And now?' })
    const shown = await kept.messages()
    const resumed = await ctx.wait('resume')
    prompt.push({ role: 'user', content: [{ type: 'text', text: String(resumed) }] })
    const second = await talk(ctx, prompt, tools)
    return { first: first.length, centre, shown: shown.length, resumed, second: second.slice(0, 14) }
  },
})
