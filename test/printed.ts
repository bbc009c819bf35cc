/** What a command prints, kept instead of shown. */
import type { Output } from '../src/cli/output.ts'

export function kept(): Output & { readonly lines: string[] } {
  const lines: string[] = []
  const add = (text = '') => void lines.push(text)
  const paint: Output['paint'] = (_tone, text) => text
  return {
    lines,
    isJson: false,
    isWatched: false,
    width: 80,
    line: add,
    json: (value) => add(JSON.stringify(value)),
    say: add,
    status: () => {},
    paint,
    tint: paint,
  }
}
