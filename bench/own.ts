/**
 * What no peer is measured by: other kinds of steps, bytes, resuming, waiting, the command line, the install.
 *
 * One measurement failing does not take the others with it: its error is reported in its place.
 */
import { bytesPerStep } from './own/bytes.ts'
import { command } from './own/command.ts'
import { install } from './own/install.ts'
import { kinds } from './own/kinds.ts'
import { resume } from './own/resume.ts'
import { waiting } from './own/waiting.ts'
import type { Figure, OwnOptions } from './own/figure.ts'

export const ownMeasurements: Readonly<Record<string, (options: OwnOptions) => Promise<Figure[]>>> = {
  kinds,
  bytes: bytesPerStep,
  resume,
  waiting,
  command,
  install,
}

export interface OwnResult {
  readonly figures: readonly Figure[]
  readonly errors: readonly string[]
}

export async function own(names: readonly string[], options: OwnOptions): Promise<OwnResult> {
  const figures: Figure[] = []
  const errors: string[] = []
  for (const name of names) {
    const measured = ownMeasurements[name]
    if (measured === undefined) continue
    try {
      figures.push(...(await measured(options)))
    } catch (error) {
      errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { figures, errors }
}
