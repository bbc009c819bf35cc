/** What a command is given, and what it gives back. */
import type { Command } from 'commander'
import { open, type OpenOptions, type Throughline } from '../app/index.ts'
import type { Output } from './output.ts'

/** 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130 | 143

export const DEFAULT_STORE = 'file:./throughline.db'

/** What every command works with. */
export interface Desk {
  readonly out: Output
  /** The address given with --store, by THROUGHLINE_STORE, or the default. */
  readonly store: string
  /** ` --store …`, for commands that are suggested; empty where the next command finds the store by itself. */
  readonly storeFlag: string
}

/** Makes a command's work the action commander calls. */
export type Act = <Args extends unknown[]>(
  work: (desk: Desk, ...args: Args) => Promise<ExitCode>,
) => (...args: Args) => Promise<void>

/** How a command's module adds its arguments, options and action. */
export type Define = (command: Command, act: Act) => void

/** Does `work` with a client of a store that is there; closes it whatever happens. */
export async function asClient<const T>(
  desk: Desk,
  work: (tl: Throughline) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const tl = await open({ store: desk.store, worker: false, mustExist: true, ...options })
  try {
    return await work(tl)
  } finally {
    await tl.close()
  }
}

/** Words quoted for a POSIX shell where they need it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
