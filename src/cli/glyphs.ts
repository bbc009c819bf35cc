/** How what happened looks in a line. */
import type { Tone } from './output.ts'

export interface EventLine {
  readonly glyph: string
  readonly tone: Tone
  readonly text: string
  /** How long it took, where that is known. */
  readonly ms?: number | undefined
}

export const GLYPHS = {
  done: '✓',
  failed: '✗',
  waiting: '◷',
  running: '▸',
  released: '–',
  doubt: '?',
  again: '↻',
} as const
