/**
 * `npm run crash:chat -- --kills 200 --seed 7`: the server of examples/chat-route is killed in the middle of an answer, again and again. Exits 1
 * if a browser ends up with anything but what it shows undisturbed, or an effect happens twice, not at all, or out of order.
 * With `--store postgres://…`, an empty database, the runs are there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { open } from 'throughline'
import { modelServer } from 'throughline/testing'
import { ANSWER, host } from '../../examples/chat-route/host.ts'
import { randomBy, type Random } from '../random.ts'
import { Site, talk, type Moment } from './trial.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, store: { type: 'string' } },
})
const kills = Number(values.kills)
if (!Number.isSafeInteger(kills) || kills < 1)
  throw new Error(`--kills must be a whole number from 1; got ${values.kills}.`)
const seed = values.seed ?? String(Date.now() % 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'throughline-chat-'))
const models = await modelServer({ script: host })
const site = new Site(folder, models.url, values.store)
const since = performance.now()
const wrong: string[] = []
const sums = { kills: 0, midStream: 0, before: 0, after: 0, late: 0 }

console.log(`${kills} kills, seed ${seed}`)
await site.start()
const alone = await talk(site, 100_000)

for (let i = 1; sums.kills < kills; i++) {
  const seen = await talk(site, i, momentOf(randomBy(`${seed}:${i}`)))
  const { shownAtKill = 0 } = seen
  if (seen.shownAtKill !== undefined) sums.kills++
  if (seen.shownAtKill === undefined) sums.late++
  else if (shownAtKill === 0) sums.before++
  else if (shownAtKill < ANSWER.length) sums.midStream++
  else sums.after++
  const say = (what: string) => wrong.push(`chat ${i}, killed at ${shownAtKill} characters: ${what}`)
  if (seen.parts !== alone.parts) say(`the page shows ${seen.parts}, and undisturbed ${alone.parts}`)
  if (seen.messages !== 2) say(`there are ${seen.messages} messages, not 2`)
  if (!/^msg_\w+$/.test(seen.id ?? '')) say(`the message has the id ${seen.id}`)
  if (seen.entries.join() !== alone.entries.join()) say(`the book says ${JSON.stringify(seen.entries)}`)
  if (process.stderr.isTTY) process.stderr.write(`\r${sums.kills} of ${kills} kills, ${wrong.length} wrong `)
}

const tl = await open({ store: site.store, worker: false })
const unfinished = () => tl.runs.list({ status: ['queued', 'running', 'waiting', 'failed', 'halted'] })
// The end of the last one may still be on its way to the record.
for (let i = 0; i < 50 && (await unfinished()).runs.length > 0; i++) await sleep(100)
const verdict = await tl.verify()
const { runs } = await unfinished()
await tl.close()
await site.kill()
await models.close()
for (const { reason } of verdict.breaks) wrong.push(`the record does not verify: ${reason}`)
for (const run of runs) wrong.push(`${run.id} is ${run.status}`)

if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
for (const one of wrong) console.error(one)
console.log(
  `kills ${sums.kills} (${sums.before} before anything was shown, ${sums.midStream} in mid-stream, ${sums.after} about its end), ${sums.late} answered before, wrong ${wrong.length}; ${Math.round((performance.now() - since) / 1000)} s in all`,
)
if (wrong.length > 0) {
  console.error(
    `What is left is in ${folder}; the same moments again: npm run crash:chat -- --kills ${kills} --seed ${seed}`,
  )
  process.exitCode = 1
} else rmSync(folder, { recursive: true })

/** Mostly somewhere in the answer; now and then before its first word, or about its end. */
function momentOf(random: Random): Moment {
  if (random.chance(0.1)) return { characters: undefined, ms: random.between(0, 150) }
  const characters = random.between(1, ANSWER.length + 20)
  return { characters, ms: random.chance(0.5) ? 0 : random.between(0, 30) }
}
