/** A second process on the same store: it takes over at once when the first is killed, and not when that merely stops. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startVictim, type Orders, type Says } from './process.ts'
import type { Random } from '../random.ts'
import { readRecord, verifyCopy } from './record.ts'

export interface TakeOver {
  /** From the kill to the moment the second process carries the run; undefined when the first was only stopped. */
  readonly ms: number | undefined
  readonly wrong: readonly string[]
}

const STOPPED_MS = 600
/** What most take-overs must be quicker than. */
export const AT_ONCE_MS = 500
/** No machine is so busy that one takes longer. */
const AT_MOST_MS = 5 * AT_ONCE_MS

const carrying = (what: Says): what is Extract<Says, { says: 'carrying' }> => what.says === 'carrying'
const started = (what: Says): what is Extract<Says, { says: 'started' }> => what.says === 'started'
const ended = (what: Says): what is Extract<Says, { says: 'ended' }> => what.says === 'ended'

export async function takeOver(folder: string, random: Random, how: 'killed' | 'stopped'): Promise<TakeOver> {
  mkdirSync(folder, { recursive: true })
  const store = join(folder, 'store.db')
  const enough = join(folder, 'enough')
  const orders: Orders = {
    store,
    task: 'crash-pulse',
    input: { enough },
    key: 'the one',
  }
  const first = startVictim(orders)
  await first.heard(carrying)
  const second = startVictim(orders)
  await second.heard(started)
  await pause(random.between(0, 50))
  const wrong: string[] = []
  const ms = how === 'killed' ? await kill() : await stop()

  async function kill(): Promise<number | undefined> {
    const killedAt = Date.now()
    first.kill('SIGKILL')
    const taken = await second.heard(carrying)
    if (!taken || taken.at - killedAt >= AT_MOST_MS)
      wrong.push(`took over after ${taken ? taken.at - killedAt : 'never'} ms`)
    return taken && taken.at - killedAt
  }

  async function stop(): Promise<undefined> {
    first.kill('SIGSTOP')
    const taken = await Promise.race([second.heard(carrying), pause(STOPPED_MS)])
    if (taken) wrong.push('took over from a process that was merely stopped')
    first.kill('SIGCONT')
  }

  writeFileSync(enough, '')
  const last = await second.heard(ended)
  if (!last || !('value' in last.outcome)) wrong.push(`it came to ${JSON.stringify(last?.outcome)}`)
  const overs = [await first.over, await second.over]
  for (const { code, wasKilled, stderr } of overs)
    if (code !== 0 && !(how === 'killed' && wasKilled)) wrong.push(`a process ended with ${code}: ${stderr}`)
  wrong.push(...(await verifyCopy(store)), ...(await readRecord(store)).duplicated)
  if (wrong.length === 0) rmSync(folder, { recursive: true })
  return { ms, wrong }
}
