import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { open, openStore } from '../app/index.ts'
import { task } from '../task/index.ts'
import { modelServer } from '../testing/model-server/index.ts'

test('agents side by side may ask the same of a tool without going round', async () => {
  const server = await modelServer({
    script: ({ turn }) =>
      turn === 0 ? { toolCalls: [{ name: 'look', args: { at: 'it' } }] } : { text: 'Seen.' },
  })
  const model = createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k' })('small')
  const told: unknown[] = []
  const looking = task({
    name: 'looking',
    async run(ctx) {
      const agents = ['a', 'b', 'c', 'd', 'e']
      return ctx.map(
        'agent',
        agents,
        async (branch) => {
          const look = tool({ inputSchema: z.object({ at: z.string() }), execute: () => 'seen' })
          const { steps } = await generateText({
            model: branch.model(model),
            tools: branch.tools({ look }),
            prompt: 'Look.',
            stopWhen: isStepCount(3),
          })
          told.push(...steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output)))
          return 'done'
        },
        { key: (agent) => agent },
      )
    },
  })
  const tl = await open({ store: openStore('memory:'), tasks: [looking] })
  await (await tl.start(looking, undefined)).result()
  expect(told).toEqual(['seen', 'seen', 'seen', 'seen', 'seen'])
  await tl.close()
  await server.close()
})
