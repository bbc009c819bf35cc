/** The flags of `start.ts`, and the command line that gives the same ones again. */
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const HELP = `Reviews the third-party packages behind a package-lock.json.

  --lockfile <file>  which one                                      (package-lock.json)
  --report <file>    where the report goes                          (vendor-review.md)
  --store <store>    where the record is kept                       (file:./throughline.db)
  --key <text>       names this review: the same name gives the same run, and its result again
  --slow <ms>        a pause after each package, to leave time to watch and to interrupt  (200)

Interrupt it whenever you like: the same command goes on where it stopped.`

export const DEFAULT_STORE = 'file:./throughline.db'

/** The flags cannot be read. */
export class BadFlags extends Error {
  override readonly name = 'BadFlags'
}

export interface Flags {
  readonly input: { readonly lockfile: string; readonly report: string; readonly slowMs: number }
  readonly store: string
  readonly key: string | undefined
  readonly isHelp: boolean
}

/** @throws {BadFlags} */
export function readFlags(args: readonly string[]): Flags {
  const {
    lockfile = 'package-lock.json',
    report = 'vendor-review.md',
    store = DEFAULT_STORE,
    key,
    slow = '200',
    help = false,
  } = parse(args)
  if (!/^\d{1,5}$/.test(slow) || Number(slow) > 60_000)
    throw new BadFlags(`--slow takes 0 to 60000 milliseconds; got "${slow}".`)
  // Absolute in the input: an interrupted review means the same files, wherever it is continued.
  return {
    input: { lockfile: resolve(lockfile), report: resolve(report), slowMs: Number(slow) },
    store,
    key,
    isHelp: help,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        lockfile: text,
        report: text,
        store: text,
        key: text,
        slow: text,
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (cause) {
    throw new BadFlags(`${cause instanceof Error ? cause.message : String(cause)}. See --help.`, { cause })
  }
}

/** What to type to run this again: through npm if npm ran it, else as node did. */
export function sameCommand({
  argv,
  execArgv,
  env,
}: Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env'>): string {
  const args = argv.slice(2).map(quoted)
  if (env['npm_lifecycle_event'] === 'start')
    return ['npm start', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  return ['node', ...execArgv.map(quoted), quoted(relative('', argv[1] ?? '')), ...args].join(' ')
}

/** For a POSIX shell. */
export const quoted = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
