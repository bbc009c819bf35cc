/** What the command is told: which folder, filed where, and who is asked. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const HELP = `npm run intake [-- <folder>] [--to <folder>] [--person <name>] [--store <store>]

  <folder>   whose documents are filed; this repository unless told
  --to       where they are filed; ./filed unless told
  --person   who is asked, in the inbox, what could not be filed; nobody unless told
  --store    where the record is kept; file:./intake.db unless told`

export class BadFlags extends Error {}

export interface Flags {
  readonly isHelp: boolean
  readonly store: string
  readonly input: { readonly folder: string; readonly to: string; readonly person?: string }
}

/** Looked at before anything starts, so that a mistyped folder leaves no failed run behind. @throws {BadFlags} */
export async function readFlags(args: readonly string[]): Promise<Flags> {
  const { values, positionals } = parsed(args)
  const { to, store, help, person } = values
  if (positionals.length > 1) throw new BadFlags(`One folder at a time; got ${positionals.join(', ')}.`)
  const folder = resolve(positionals[0] ?? '.')
  const found = await stat(folder).catch(() => undefined)
  if (!help && !found?.isDirectory()) throw new BadFlags(`There is no folder ${folder}.`)
  const input = { folder, to: resolve(to), ...(person === undefined ? {} : { person }) }
  return { isHelp: help, store, input }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: 'string', default: 'filed' },
        person: { type: 'string' },
        store: { type: 'string', default: 'file:./intake.db' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new BadFlags(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`, {
      cause: error,
    })
  }
}
