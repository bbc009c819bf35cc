/**
 * Where text goes: what a program may want to read on stdout, everything said to people on stderr.
 *
 * O1. Colour and the rewritten line only on a terminal; NO_COLOR and FORCE_COLOR are honoured (node:util).
 * O2. The rewritten line is always the last: whatever is said meanwhile is put above it.
 */
import { styleText } from 'node:util'

export type Tone = 'plain' | 'dim' | 'bold' | 'good' | 'bad' | 'warn' | 'live'

const FORMATS = {
  plain: 'reset',
  dim: 'dim',
  bold: 'bold',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  live: 'cyan',
} as const

export interface Output {
  readonly isJson: boolean
  /** Whether somebody watches stderr. */
  readonly isWatched: boolean
  /** Columns of the terminal on stdout; 100 where there is none. */
  readonly width: number
  /** A line of the answer, on stdout. */
  readonly line: (text?: string) => void
  /** A value of the answer, as one line of JSON on stdout. */
  readonly json: (value: unknown) => void
  /** A line to whoever watches, on stderr. */
  readonly say: (text: string) => void
  /** The line at the bottom that is rewritten; undefined takes it away. Nothing where nobody watches. */
  readonly status: (text: string | undefined) => void
  /** Text for stdout in a tone. */
  readonly paint: (tone: Tone, text: string) => string
  /** Text for stderr in a tone. */
  readonly tint: (tone: Tone, text: string) => string
}

const CLEAR = '\r\u001b[2K'

export function terminalOutput(isJson: boolean): Output {
  const { stdout, stderr } = process
  let status: string | undefined
  const styled = (stream: NodeJS.WriteStream) => (tone: Tone, text: string) =>
    tone === 'plain' ? text : styleText(FORMATS[tone], text, { stream })
  const above = (write: () => void) => {
    if (status !== undefined) stderr.write(CLEAR)
    write()
    if (status !== undefined) stderr.write(status)
  }
  return {
    isJson,
    isWatched: stderr.isTTY,
    width: Math.max(40, stdout.columns ?? 100),
    line: (text = '') => above(() => stdout.write(`${text}\n`)),
    json: (value) => above(() => stdout.write(`${JSON.stringify(value)}\n`)),
    say: (text) => above(() => stderr.write(`${text}\n`)),
    status(text) {
      if (!stderr.isTTY || text === status) return
      status = text?.slice(0, (stderr.columns ?? 80) - 1)
      stderr.write(`${CLEAR}${status ?? ''}`)
    },
    paint: styled(stdout),
    tint: styled(stderr),
  }
}

/** Resolves when everything written so far has left the process. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
}
