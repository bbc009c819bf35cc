/** How many rows needed a person, month by month, as bars for a terminal. */

export interface Point {
  readonly name: string
  readonly rows: number
  /** Corrected or answered anew: the suggestion was wrong, or there was none. */
  readonly wrong: number
  /** Left to correct by the payee's commonest category so far. */
  readonly trivial: number
}

const WIDTH = 40

export function curve(points: readonly Point[]): readonly string[] {
  const name = Math.max(5, ...points.map((point) => point.name.length))
  const percent = (n: number, rows: number) => `${Math.round((100 * n) / Math.max(1, rows))} %`.padStart(5)
  const lines = points.map(({ name: of, rows, wrong, trivial }) => {
    const length = Math.round((WIDTH * wrong) / Math.max(1, rows))
    const further = Math.max(0, Math.round((WIDTH * trivial) / Math.max(1, rows)) - length)
    const bar = `${'█'.repeat(length)}${'░'.repeat(further)}`
    return `${of.padEnd(name)}  ${String(rows).padStart(5)}  ${percent(wrong, rows)}  ${percent(trivial, rows)}   ${bar}`
  })
  return [`${'month'.padEnd(name)}   rows   █ us    ░ payee's commonest category`, ...lines]
}
