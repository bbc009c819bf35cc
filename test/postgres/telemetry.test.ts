/** Telemetry of a store that several workers share: each of them could send, and one does. */
import { expect, test } from 'vitest'
import { open, task, telemetry } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'
import { Receiver } from '../telemetry/receiver.ts'

const three = task({
  name: 'three',
  async run(ctx) {
    for (const name of ['one', 'two', 'three']) await ctx.step(name, () => name)
  },
})

test(
  'twenty runs carried by two workers are told once, and go on being told when one of them is gone',
  { timeout: 60_000 },
  async () => {
    await using receiver = await Receiver.listen()
    const store = await freshSchema()
    const workers = [await open({ store, tasks: [three] }), await open({ store, tasks: [three] })] as const
    const logger = { warn: () => {} }
    const sending = workers.map((tl) => telemetry(tl, { endpoint: receiver.endpoint, everyMs: 200, logger }))
    for (const one of sending) await one.started

    const runs = await Promise.all(Array.from({ length: 10 }, () => workers[0].start(three, {})))
    for (const run of runs) await run.result()
    await sending[0]?.close()
    await workers[0].close()
    const more = await Promise.all(Array.from({ length: 10 }, () => workers[1].start(three, {})))
    for (const run of more) await run.result()
    await sending[1]?.close()
    await workers[1].close()

    const ids = receiver.spans.map(({ spanId }) => spanId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(receiver.spans.filter(({ name }) => name === 'invoke_workflow three')).toHaveLength(20)
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(20)
    expect(ids).toHaveLength(80)
  },
)
