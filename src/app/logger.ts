/** Warnings and errors to stderr, one line each; the rest is silent until a logger is given. */
import type { ContextLog } from '../task/index.ts'

export function plainLogger(): ContextLog {
  const say = (level: string) => (message: string) =>
    void process.stderr.write(`throughline ${level}: ${message}\n`)
  return { debug: () => {}, info: () => {}, warn: say('warning'), error: say('error') }
}
