/** Measurements by name, one after another. One failing does not take the others with it: its error is reported in its place. */
import type { Figure, OwnOptions } from './figure.ts'

export type Measurements = Readonly<Record<string, (options: OwnOptions) => Promise<Figure[]>>>

export interface Figures {
  readonly figures: readonly Figure[]
  readonly errors: readonly string[]
}

export async function measureAll(
  measurements: Measurements,
  names: readonly string[],
  options: OwnOptions,
): Promise<Figures> {
  const figures: Figure[] = []
  const errors: string[] = []
  for (const name of names) {
    const measured = measurements[name]
    if (measured === undefined) continue
    try {
      figures.push(...(await measured(options)))
    } catch (error) {
      errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { figures, errors }
}
