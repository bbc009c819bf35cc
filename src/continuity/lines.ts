/** Lines of a section that are worded when they are looked at: of ten thousand results a brief shows the last hundred. */

export interface Line {
  readonly text: string
  readonly item?: { readonly id: string; readonly version: number }
}

/** What an array is as well. */
export interface Lines {
  readonly length: number
  at(index: number): Line | undefined
}

/** A line for each, not yet. */
export function worded<T>(of: readonly T[], word: (one: T) => string): Lines {
  return {
    length: of.length,
    at(index) {
      const one = of[index]
      return one === undefined ? undefined : { text: word(one) }
    },
  }
}

/** One after another. */
export function joined(parts: readonly Lines[]): Lines {
  return {
    length: parts.reduce((sum, part) => sum + part.length, 0),
    at(index) {
      let left = index
      for (const part of parts) {
        if (left < part.length) return part.at(left)
        left -= part.length
      }
      return undefined
    },
  }
}

/** Those of these places, in their order. */
export function chosen(lines: Lines, isChosen: (index: number) => boolean): readonly Line[] {
  const found: Line[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = isChosen(i) ? lines.at(i) : undefined
    if (line) found.push(line)
  }
  return found
}
