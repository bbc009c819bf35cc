/** Records the history this code writes: `node --conditions=throughline-source test/histories/record.ts > test/histories/<version>.jsonl`. */
import { testbed } from 'throughline/testing'
import { everything, tasks } from './tasks.ts'

// Stacks name the folders of the machine that recorded them.
Error.stackTraceLimit = 0
const bed = await testbed({ tasks })
const run = await bed.start(everything, {}, { key: 'recorded' })
await bed.clock.advance('2h')
await run.signal('answer', 42)
await bed.clock.advance('2h')
for await (const line of bed.tl.export()) process.stdout.write(`${line}\n`)
await bed.close()
