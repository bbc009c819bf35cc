/** Asked by a feature, and not by a body: from within a tool's function, as ladders and tools do. */
import { expect, test } from 'vitest'
import { featuresOf } from '../app/features.ts'
import { decode, encode } from '../log/index.ts'
import type { Feature, Hands } from '../run/index.ts'
import { task, type Context } from '../task/index.ts'
import { testbed } from '../testing/testbed.ts'
import { approve, ask, questionAnswered, questionAsked, questionExpired } from './index.ts'

interface Probing extends Context {
  readonly probe: (call: string, run: (hands: Hands) => Promise<unknown>) => Promise<unknown>
}

/** A tool, as far as a run knows of one. */
const probing: Feature = {
  context: (hands): Partial<Probing> => ({
    probe: (call, run) =>
      hands.perform({
        kind: 'tool',
        name: `probe ${call}`,
        begin(work) {
          if (!work.mayBegin()) return
          void work
            .inside(() => run(hands))
            .then((v) =>
              work.effect(() =>
                work.settle([
                  {
                    kind: 'tool.returned',
                    version: 1,
                    name: work.ref.name,
                    ordinal: work.ref.ordinal,
                    after: work.ref.after,
                    actor: undefined,
                    body: encode({ v }),
                  },
                ]),
              ),
            )
        },
        meaning: ({ body }) => ({ value: (decode(body) as { readonly v: unknown }).v }),
      }),
  }),
}
;(featuresOf() as Feature[]).push(probing)

const twice = task({
  name: 'twice',
  async run(ctx) {
    const { probe } = ctx as Probing
    const found = await Promise.all(
      ['call_0', 'call_1'].map((call) =>
        probe(call, async (hands) => {
          const which = await ask(hands, { question: 'Which?', to: call })
          const { approved, by } = await approve(hands, 'it', { proposal: { which } })
          return [which, approved, by]
        }),
      ),
    )
    const late = await probe('call_2', (hands) =>
      ask(hands, { question: 'Now?', timeout: '1h' }).catch((error: { code?: string }) => error.code),
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
