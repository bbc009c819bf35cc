/** Records the histories this code writes: `node --conditions=throughline-source test/histories/record.ts everything|agent > test/histories/<which>-<version>.jsonl`. */
import { testbed } from 'throughline/testing'
import { agent } from './agent.ts'
import { everything, tasks } from './tasks.ts'

// Stacks name the folders of the machine that recorded them.
Error.stackTraceLimit = 0
const bed = await testbed({ tasks })
if (process.argv[2] === 'agent') {
  await bed.start(agent, undefined, { key: 'recorded' })
  await bed.clock.advance('2h')
  const [question] = (await bed.tl.inbox.list()).questions
  await bed.tl.inbox.answer(question?.id ?? '', '4711', { by: 'ada' })
  await bed.settle()
} else {
  const run = await bed.start(everything, {}, { key: 'recorded' })
  await bed.clock.advance('2h')
  await run.signal('answer', 42)
  await bed.clock.advance('2h')
}
for await (const line of bed.tl.export()) process.stdout.write(`${line}\n`)
await bed.close()
