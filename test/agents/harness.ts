/** As many kills as are wanted, over errands by both wires, streamed and not, with a budget and without. */
import { join } from 'node:path'
import { randomBy } from '../random.ts'
import { WIRES } from './errand.ts'
import { leaveAlone, tryToBreak, type Errand } from './trial.ts'

export interface KillOptions {
  readonly kills: number
  readonly seed: string
  /** Errands at once. */
  readonly lanes: number
  /** Where they leave what went wrong. */
  readonly root: string
  readonly progress?: (sums: Killed) => void
}

export interface Killed {
  readonly kills: number
  readonly runs: number
  /** Effects that a person, or the file, had to be asked about. */
  readonly inDoubt: number
  /** Model calls that were under way when their process was killed, and were made again. */
  readonly askedAgain: number
  readonly wrong: readonly string[]
}

const errands: readonly Errand[] = ['errand', 'errand-within'].flatMap((task) =>
  WIRES.flatMap((wire) => [false, true].map((isStreamed) => ({ task, wire, isStreamed }))),
)

const nameOf = ({ task, wire, isStreamed }: Errand): string =>
  `${task} by ${wire}${isStreamed ? ', streamed' : ''}`

export async function killAgents({ kills, seed, lanes, root, progress }: KillOptions): Promise<Killed> {
  const sums = { kills: 0, runs: 0, inDoubt: 0, askedAgain: 0, wrong: [] as string[] }
  let left = kills
  let next = 0
  const alone = new Map<string, Promise<string>>()
  const undisturbed = (errand: Errand) => {
    const name = nameOf(errand)
    const known = alone.get(name) ?? leaveAlone(errand, join(root, `undisturbed ${name}`))
    alone.set(name, known)
    return known
  }
  const lane = async () => {
    while (left > 0) {
      const index = next++
      const errand = errands[index % errands.length]
      if (!errand) throw new Error('There is no errand.')
      const trial = await tryToBreak({
        errand,
        folder: join(root, `${index}`),
        random: randomBy(`${seed}:${index}`),
        mayKill: () => left > 0 && left-- > 0,
        missed: () => void left++,
        undisturbed: await undisturbed(errand),
      })
      sums.runs++
      sums.kills += trial.kills
      sums.inDoubt += trial.inDoubt
      sums.askedAgain += trial.askedAgain
      sums.wrong.push(...trial.wrong.map((one) => `run ${index} (${nameOf(errand)}): ${one}`))
      progress?.(sums)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return sums
}
