/**
 * Going on with a run that has recorded much: from `open` in a fresh process to the first new step.
 *
 * A resume that is quick because it trusts the file would be worth little, so one byte of a recorded result is changed in a copy: that
 * resume must not reach the new step.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { discard, scratch } from '../scratch.ts'
import { median } from '../statistics.ts'
import { inProcess } from './process.ts'
import type { Figure, OwnOptions } from './figure.ts'

interface Resumed {
  readonly outcome: { readonly steps?: number; readonly refused?: string }
  readonly openMs: number
  readonly resumeMs: number
  readonly totalMs: number
  readonly ran: boolean
}

const scenario = join(import.meta.dirname, 'resume-scenario.ts')

export async function resume({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [steps, limitMs, lives] of [
    [10_000, 100, 5],
    [100_000, 1_000, 3],
  ] as const) {
    if (quick && steps > 10_000) continue
    tell(`resume: recording ${steps} steps`)
    const folder = scratch('resume')
    const { id } = await inProcess<{ id: string }>(scenario, ['create', folder, `${steps}`])
    const rounds: Resumed[] = []
    for (let life = 0; life < (quick ? 3 : lives); life++) rounds.push(await oneLife(folder, id, steps))
    figures.push(
      {
        name: `resume after ${steps} steps: open to first new step`,
        value: median(rounds.map((round) => round.totalMs)),
        unit: 'ms',
        atMost: limitMs,
      },
      {
        name: `resume after ${steps} steps: of it, open`,
        value: median(rounds.map((round) => round.openMs)),
        unit: 'ms',
      },
    )
    if (steps === 10_000)
      figures.push({
        name: 'resume refuses a changed byte',
        value: (await refusesChange(folder, id, tell)) ? 1 : 0,
        unit: 'yes',
        atLeast: 1,
      })
    discard(folder)
  }
  return figures
}

/** One life in a copy of the folder, so that each starts from the same file; on the disk before it starts, as a recorded run is. */
async function oneLife(folder: string, id: string, steps: number): Promise<Resumed> {
  const copy = scratch('life')
  cpSync(folder, copy, { recursive: true })
  execFileSync('sync')
  const resumed = await inProcess<Resumed>(scenario, ['resume', copy, id])
  discard(copy)
  if (!resumed.ran || resumed.outcome.steps !== steps)
    throw new Error(`The run did not go on: ${resumed.outcome.refused ?? 'another result'}.`)
  return resumed
}

async function refusesChange(folder: string, id: string, tell: (line: string) => void): Promise<boolean> {
  const copy = scratch('changed')
  cpSync(folder, copy, { recursive: true })
  if (!changeByte(copy, 'value-5000-')) {
    tell('resume: no recorded result was found in plain text; nothing was changed')
    return false
  }
  const resumed = await inProcess<Resumed>(scenario, ['resume', copy, id]).catch((error: unknown) => ({
    ran: false,
    outcome: { refused: String(error) },
  }))
  discard(copy)
  tell(`resume: changed byte: ${resumed.ran ? 'NOT noticed' : resumed.outcome.refused}`)
  return !resumed.ran
}

/** Turns `value-5000-` into `valuf-5000-` wherever it stands in a file of the folder. */
function changeByte(folder: string, text: string): boolean {
  let changed = false
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const content = readFileSync(path)
    for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) {
      content.write('f', at + 4)
      changed = true
    }
    if (changed) writeFileSync(path, content)
  }
  return changed
}
