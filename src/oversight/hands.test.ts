/** Asked from within a tool's function. */
import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/testbed.ts'
import { questionAnswered, questionAsked, questionExpired } from './index.ts'

interface Given {
  readonly toolCallId: string
  readonly work: () => Promise<unknown>
}

const twice = task({
  name: 'twice',
  async run(ctx) {
    const tools = ctx.tools({ probe: { execute: (_: unknown, { work }: Given) => work() } })
    const probe = (call: string, work: () => Promise<unknown>) =>
      tools.probe.execute(undefined, { toolCallId: call, work })
    const found = await Promise.all(
      ['call_0', 'call_1'].map((call) =>
        probe(call, async () => {
          const which = await ctx.ask('Which?', { to: call })
          const { approved, by } = await ctx.approve('it', { proposal: { which } })
          return [which, approved, by]
        }),
      ),
    )
    const late = await probe('call_2', () =>
      ctx.ask('Now?', { timeout: '1h' }).catch((error: { code?: string }) => error.code),
    )
    return [...found, late]
  },
})

test('two tools that ask the same at once get each its own answers, whatever crashes between', async () => {
  const bed = await testbed({ tasks: [twice] })
  const run = await bed.start(twice, {})
  await bed.settle()
  for (const call of ['call_1', 'call_0']) {
    const [question] = (await bed.tl.inbox.list({ to: call })).questions
    await bed.tl.inbox.answer(question?.id ?? '', `answer to ${call}`, { by: 'ada' })
    await bed.crash()
    await bed.settle()
  }
  for (const { id, proposal, digest } of (await bed.tl.inbox.list()).questions) {
    const { which } = proposal as { readonly which: string }
    await bed.tl.inbox.answer(id, { approved: which.endsWith('1'), digest }, { by: `lead of ${which}` })
  }
  await bed.crash()
  await bed.settle()
  await bed.clock.advance('2h')
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toEqual([
    ['answer to call_0', false, 'lead of answer to call_0'],
    ['answer to call_1', true, 'lead of answer to call_1'],
    'question_expired',
  ])
  const inbox = await Array.fromAsync(bed.tl.history(`${run.id}/inbox`))
  const count = (kind: string) => inbox.filter((event) => event.kind === kind).length
  expect([questionAsked, questionAnswered, questionExpired].map(({ name }) => count(name))).toEqual([5, 4, 1])
  await bed.close()
})
