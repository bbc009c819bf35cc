/** Runs a scenario in a fresh process and takes the JSON of its last line. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Starts `node file ...args`; its stderr is passed on. Throws when it fails or takes longer than `timeoutMs`. */
export async function inProcess<T>(file: string, args: readonly string[], timeoutMs = 300_000): Promise<T> {
  const child = spawn(process.execPath, ['--expose-gc', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}: ${stderr.trim().slice(-1500)}`)
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(last)
}

/** Hands `value` to whoever called `inProcess`, and ends the process. */
export function answer(value: unknown): void {
  process.stdout.write(`\n${JSON.stringify(value)}\n`, () => process.exit(0))
}

/** Milliseconds until `child` has ended, with its exit code. */
export async function wallMs(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly ms: number; readonly code: unknown; readonly stderr: string }> {
  const from = performance.now()
  const child = spawn(process.execPath, [file, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { ms: performance.now() - from, code, stderr }
}
