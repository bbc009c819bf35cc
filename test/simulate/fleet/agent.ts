/**
 * An agent: a model that asks for a tool in each of its turns, and a loop as the AI SDK has one.
 *
 * Providers count ids of calls anew in each answer. What the model says and what the tool returns name the place they are meant for.
 */
import type { Context } from 'throughline'
import type { Host } from './bodies.ts'
import type { Op } from './program.ts'
import type { World } from './world.ts'

interface Acting {
  readonly ctx: Context
  readonly op: Extract<Op, { kind: 'agent' }>
  readonly mark: string
  readonly run: string
  readonly world: World
  readonly host: Host
}

type Model = Exclude<Parameters<Context['model']>[0], string>
type Prompt = Parameters<Model['doGenerate']>[0]['prompt']
type Answer = Awaited<ReturnType<Model['doGenerate']>>

export async function agent(acting: Acting): Promise<string> {
  const { ctx, op, mark, run, world } = acting
  const model = ctx.model(thinking(acting))
  const act = actingOf(acting)
  const prompt: Prompt = [{ role: 'user', content: [{ type: 'text', text: mark }] }]
  for (let turn = 1; ; turn++) {
    const { content } = await model.doGenerate({ prompt })
    const call = content.find((part) => part.type === 'tool-call')
    if (!call) {
      const text = content.flatMap((part) => (part.type === 'text' ? part.text : [])).join('')
      if (text !== mark || turn !== op.turns + 1)
        world.wrong(`${run} ${mark} was told ${text} in turn ${turn}`)
      return op.kind
    }
    const { toolCallId, toolName } = call
    const input: unknown = JSON.parse(call.input)
    const value = await act(input, toolCallId)
    if (value !== `${mark} ${turn}`)
      world.wrong(`${run} ${mark} was handed ${JSON.stringify(value)} in turn ${turn}`)
    prompt.push({ role: 'assistant', content: [{ type: 'tool-call', toolCallId, toolName, input }] })
    prompt.push({
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId, toolName, output: { type: 'text', value: String(value) } },
      ],
    })
  }
}

function actingOf({
  ctx,
  op,
  mark,
  run,
  world,
  host,
}: Acting): (input: unknown, toolCallId: string) => Promise<unknown> {
  const tools = ctx.tools(
    {
      act: {
        execute: async (
          input: unknown,
          { idempotencyKey }: { toolCallId: string; idempotencyKey?: string },
        ) => {
          const { turn } = input as { readonly turn: number }
          await host.turns(1)
          if (op.isOnce) world.perform(run, String(idempotencyKey), `${mark} ${turn}`, { once: 'reconciled' })
          await host.turns(1)
          return `${mark} ${turn}`
        },
      },
    },
    {
      act: {
        once: op.isOnce,
        reconcile: async ({ idempotencyKey, args }) => {
          await host.turns(1)
          const { turn } = args as { readonly turn: number }
          return world.isDone(idempotencyKey) ? { done: true, value: `${mark} ${turn}` } : { done: false }
        },
      },
    },
  )
  return (input, toolCallId) => tools.act.execute(input, { toolCallId })
}

function thinking({ op, mark, run, world, host }: Acting): Model {
  const answer = async (prompt: Prompt): Promise<Answer> => {
    const turn = 1 + prompt.filter(({ role }) => role === 'tool').length
    await host.turns(2)
    if (world.ask(run, `${mark} ${turn}`) <= op.fails)
      throw Object.assign(new Error('overloaded'), { statusCode: 503, isRetryable: true })
    const usage = {
      inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 5, text: 5, reasoning: 0 },
    }
    if (turn > op.turns)
      return {
        content: [{ type: 'text', text: mark }],
        finishReason: { unified: 'stop', raw: 'stop' },
        usage,
        warnings: [],
      }
    const call = {
      type: 'tool-call',
      toolCallId: 'call_0',
      toolName: 'act',
      input: JSON.stringify({ turn }),
    } as const
    return {
      content: [call],
      finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
      usage,
      warnings: [],
    }
  }
  return {
    specificationVersion: 'v4',
    provider: 'simulated',
    modelId: 'thinker',
    supportedUrls: {},
    doGenerate: ({ prompt }) => Promise.resolve(answer(prompt)),
    doStream: () => Promise.reject(new Error('nothing here streams')),
  }
}
