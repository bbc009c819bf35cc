/** Lines of a section that are worded when they are looked at: of ten thousand results a brief shows the last hundred. */

export interface Line {
  readonly text: string
  readonly item?: { readonly id: string; readonly version: number }
  /** Where it stands in the record. */
  readonly event?: EventRef
}

export interface EventRef {
  readonly stream: string
  readonly seq: number
}

/** A line that can be looked up. */
export const told = ({ stream, seq }: EventRef, text: string): Line => ({ text, event: { stream, seq } })

/** What an array is as well. */
export interface Lines {
  readonly length: number
  at(index: number): Line | undefined
}

/** A line for each, not yet. */
export function worded<T>(of: readonly T[], word: (one: T) => string | Line): Lines {
  return {
    length: of.length,
    at(index) {
      const one = of[index]
      const line = one === undefined ? undefined : word(one)
      return typeof line === 'string' ? { text: line } : line
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
