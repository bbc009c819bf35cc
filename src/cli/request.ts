/** What was asked for on the command line, before any command looks at it. */
import { BadRequest } from '../app/index.ts'
import type { Entry } from './catalogue.ts'
import { DEFAULT_STORE, quoted, type Desk } from './command.ts'
import type { Output } from './output.ts'

export function deskOf(options: { readonly store?: string }, out: Output): Desk {
  const fromEnvironment = process.env['THROUGHLINE_STORE'] || undefined
  const store = options.store ?? fromEnvironment ?? DEFAULT_STORE
  const isFound = store === (fromEnvironment ?? DEFAULT_STORE)
  return { out, store, storeFlag: isFound ? '' : ` --store ${quoted(store)}` }
}

/** What commander found wrong, in our words. */
export function misused(message: string, argv: readonly string[], catalogue: readonly Entry[]): BadRequest {
  const sentence = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/[^.?)]$/, '$&.')
  const command = catalogue.find(({ name }) => argv.includes(name))?.name
  const help = command === undefined ? 'throughline --help' : `throughline ${command} --help`
  return new BadRequest(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)} See "${help}".`)
}
