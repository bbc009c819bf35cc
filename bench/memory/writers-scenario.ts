/**
 * One of several processes that write into the same memory: `writers-scenario.ts <store> <name> <items> <changes>`.
 *
 * It records items of its own, and raises a number that all of them raise: whoever replaces the live decision with the version that was
 * read gets the next one in. Others were quicker as often as not, and are told so by name.
 */
import { answer } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { COUNTER } from './counter.ts'

const REFUSED = ['item_changed', 'item_over']

const [store = '', name = '', items = '0', changes = '0'] = process.argv.slice(2)
const { open } = await loadWhole()
const tl = await open({ store, worker: false })
const from = performance.now()

const kept: string[] = []
for (let i = 0; i < Number(items); i++) {
  const { id } = await tl.memory.remember(
    { kind: 'fact', subject: `${name}:${i}`, statement: `${name} says ${i}`, scope: COUNTER.scope },
    { by: name },
  )
  kept.push(id)
}

let [raised, refused] = [0, 0]
while (raised < Number(changes)) {
  const [live] = (await tl.memory.list({ ...COUNTER, kinds: ['decision'], limit: 1 })).items
  if (!live) throw new Error('There is no counter.')
  try {
    await tl.memory.supersede(
      live.id,
      { ...COUNTER, choice: Number(live.value) + 1, because: `${name} raises it` },
      { version: live.version, by: name },
    )
    raised++
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && REFUSED.includes(String(error.code)))) throw error
    refused++
  }
}
const seconds = (performance.now() - from) / 1000
await tl.close()
answer({ kept, raised, refused, seconds })
