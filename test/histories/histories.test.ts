import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testbed } from 'throughline/testing'
import { agent } from './agent.ts'
import { everything, tasks } from './tasks.ts'

const folder = import.meta.dirname

/** What the runs give, whichever release recorded their beginning. */
const outcome = {
  rich: { at: new Date(0), map: new Map([['a', 1n]]), bytes: new Uint8Array([1, 2, 3]), none: undefined },
  large: 5000,
  failed: true,
  retried: 2,
  once: 'paid',
  mapped: ['a!', 'b!'],
  raced: { winner: 'answer', value: 42 },
  called: 42,
  timedOut: true,
  drawn: [expect.any(String), expect.any(Number), expect.any(Number)],
  resumed: 'now',
}

const ofAgent = {
  first: 5615,
  centre: '4711',
  shown: expect.any(Number),
  resumed: 'now',
  second: 'After 2 tools:',
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
  test(`a history recorded by ${file.replace('.jsonl', '')} verifies, and its run goes on`, async () => {
    const bed = await testbed({ tasks })
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    const { unfinished } = await bed.tl.import(lines)
    expect(unfinished).toHaveLength(1)
    await bed.settle()
    const run = file.startsWith('agent')
      ? await bed.start(agent, undefined, { key: 'recorded' })
      : await bed.start(everything, {}, { key: 'recorded' })
    await run.signal('resume', 'now')
    expect(await run.result()).toEqual(file.startsWith('agent') ? ofAgent : outcome)
    const kinds = (await Array.fromAsync(run.history())).map((event) => event.kind)
    expect(kinds.filter((kind) => kind === 'run.halted')).toEqual([])
    expect((await bed.tl.verify()).breaks).toEqual([])
    await bed.close()
  })
}
