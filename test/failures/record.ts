/**
 * Records anew what the SDK makes of each case: `node --conditions=throughline-source test/failures/record.ts && oxfmt test/failures`.
 *
 * Do it when a provider or the SDK has a new version, and read the difference: a case that looks otherwise has to be looked at.
 */
import { writeFileSync } from 'node:fs'
import { modelServer } from '../../src/testing/model-server/index.ts'
import { cases, titleOf } from './cases.ts'
import { happen } from './drive.ts'
import { kept } from './kept.ts'

const server = await modelServer()
const recorded: Record<string, unknown> = {}
for (const one of cases) {
  recorded[titleOf(one)] = kept(await happen(one, server))
  server.clear()
}
await server.close()
writeFileSync(new URL('recorded.json', import.meta.url), `${JSON.stringify(recorded, undefined, 1)}\n`)
console.log(`${Object.keys(recorded).length} cases recorded.`)
