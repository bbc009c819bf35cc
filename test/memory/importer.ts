/** Imports a file into a store, and is killed while it does. */
import { readFileSync } from 'node:fs'
import { open } from 'throughline'

const [store = '', file = ''] = process.argv.slice(2)
const tl = await open({ store, worker: false })
const lines = readFileSync(file, 'utf8').split('\n')
process.stdout.write('ready\n')
await tl.memory.import(lines)
process.stdout.write('done\n')
await tl.close()
process.exit()
