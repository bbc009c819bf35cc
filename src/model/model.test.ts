import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { open, openStore } from '../app/index.ts'
import { task, type Task } from '../task/index.ts'
import { mortal } from '../testing/mortal-log.ts'
import { modelServer, type ModelServer } from '../testing/model-server/index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer({ repeatsCallIds: true })
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const openai = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })('small')
const anthropic = () => createAnthropic({ baseURL: server.anthropic, apiKey: 'k' })('claude-sonnet-4-5')
const wires = { openai, anthropic }

/** Two turns of tools, then an answer. */
function agentScript({ messages }: { readonly messages: readonly { readonly role: string }[] }) {
  const results = messages.filter(({ role }) => role === 'tool').length
  if (results < 2)
    return {
      text: `Turn ${results}.`,
      toolCalls: [{ name: 'weather', args: { city: results === 0 ? 'Paris' : 'Rome' } }],
    }
  return { text: 'It is warm in both.' }
}

function weatherAgent(wire: keyof typeof wires, calls: string[], isStreamed: boolean): Task<unknown> {
  return task({
    name: 'weather',
    async run(ctx) {
      const tools = ctx.tools({
        weather: tool({
          description: 'The weather in a city',
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            calls.push(city)
            return { city, celsius: 21 }
          },
        }),
      })
      const asked = {
        model: ctx.model(wires[wire]()),
        tools,
        prompt: 'How warm is it?',
        stopWhen: isStepCount(5),
      }
      if (!isStreamed) {
        const { text, steps } = await generateText(asked)
        return {
          text,
          calls: steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId)),
        }
      }
      const { text, steps } = streamText(asked)
      return {
        text: await text,
        calls: (await steps).flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId)),
      }
    },
  })
}

const cases = (['openai', 'anthropic'] as const).flatMap((wire) => [
  [wire, false] as const,
  [wire, true] as const,
])

test.each(cases)('an agent by %s, streamed: %s, is replayed without a call', async (wire, isStreamed) => {
  server.script(agentScript)
  const calls: string[] = []
  const agent = weatherAgent(wire, calls, isStreamed)
  const store = openStore('memory:')
  const tl = await open({ store, tasks: [agent] })
  const run = await tl.start(agent, undefined)
  const result = (await run.result()) as { readonly text: string; readonly calls: readonly string[] }
  expect(result.text).toBe('It is warm in both.')
  expect(new Set(result.calls).size).toBe(2)
  expect(calls).toEqual(['Paris', 'Rome'])
  expect(server.requests).toHaveLength(3)
  const kinds = (await Array.fromAsync(tl.history(run.id))).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'model.answered')).toHaveLength(3)
  expect(kinds.filter((kind) => kind === 'tool.returned')).toHaveLength(2)
  await tl.close()
})

test.each(cases)(
  'an agent by %s, streamed: %s, dies at every commit and is never asked twice',
  async (wire, isStreamed) => {
    server.script(agentScript)
    for (let at = 1; at < 12; at++) {
      server.clear()
      server.script(agentScript)
      const calls: string[] = []
      const agent = weatherAgent(wire, calls, isStreamed)
      const store = openStore('memory:')
      const process = mortal(store)
      const first = await open({ store: process.log, tasks: [agent] })
      const run = await first.start(agent, undefined)
      let commits = 0
      const died = new Promise<void>((resolve) => {
        store.onCommit(() => {
          if (++commits === at) {
            process.die()
            resolve()
          }
        })
      })
      await Promise.race([died, run.result().catch(() => {})])
      const tl = await open({ store, tasks: [agent] })
      const result = (await (await tl.run(run.id)).result()) as { readonly text: string }
      expect(result.text).toBe('It is warm in both.')
      const answered = (await Array.fromAsync(tl.history(run.id))).filter(
        ({ kind }) => kind === 'model.answered',
      )
      expect(answered).toHaveLength(3)
      await tl.close()
    }
  },
)
