/** `throughline memory erase`: what would go is said, and asked about, before it goes. */
import type { Command } from 'commander'
import { createInterface } from 'node:readline/promises'
import { BadRequest, type EraseWhat, type Erasure } from '../app/index.ts'
import { asClient, quoted, type Act, type Desk, type ExitCode } from './command.ts'
import { byOf } from './given.ts'
import { bytesText } from './machine.ts'

interface Options {
  readonly because: string
  readonly by?: string
  readonly person?: boolean
  readonly item?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

export function defineErase(command: Command, act: Act): void {
  command
    .command('erase')
    .summary('destroy what is kept of a subject, of a person or in an item, for good')
    .argument('<subject>', 'what it is about: customer:42')
    .requiredOption('--because <reason>', 'why; it stays on the record, so name nobody: a ticket will do')
    .option('--by <who>', 'who asks for it; you unless told')
    .option('--person', 'the name is of a person: everything that person wrote')
    .option('--item', 'the name is the id of one item')
    .option('--dry-run', 'say what would go, and erase nothing')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Runs and briefs that knew of it lose their record with it, and cannot go on. That it was erased stays on the record; copies, exports
and backups are not within reach.

Example:
  throughline memory erase customer:42 --because 'ticket 1093' --dry-run`,
    )
    .action(act((desk, name: string, options: Options) => erase(desk, name, options)))
}

/** What is answered on a terminal; undefined where nobody is asked. */
export type Question = (text: string) => Promise<string>

export async function erase(
  desk: Desk,
  name: string,
  options: Options,
  question: Question | undefined = terminal(),
): Promise<ExitCode> {
  const { out } = desk
  if (options.person && options.item)
    throw new BadRequest('A name is of a person or of an item: give --person or --item, not both.')
  const { because, dryRun = false, yes = false } = options
  if (!dryRun && !yes && (!question || out.isJson))
    throw new BadRequest('Nobody can be asked here: say --yes to erase, or --dry-run to see what would go.')
  const what: EraseWhat = options.person
    ? { person: name }
    : options.item
      ? { item: name }
      : { subject: name }
  return asClient(desk, async ({ memory }) => {
    const how = { because, ...byOf(options) }
    if (dryRun || !yes) {
      const would = await memory.erase(what, { ...how, dryRun: true })
      if (dryRun && out.isJson) out.json(would)
      else if (isNothing(would)) out.line(NOTHING)
      else out.line(`${sum(would)} would go.`)
      if (dryRun || isNothing(would)) return 0
      if (would.runs.length > 0) out.say(`Their record goes, whatever they did:\n  ${shown(would.runs)}`)
      const answer = await question?.('This cannot be undone. Erase? [y/N] ')
      if (!/^y(es)?$/i.test(answer?.trim() ?? '')) {
        out.say('Nothing was erased.')
        return 0
      }
    }
    const erased = await memory.erase(what, how)
    if (out.isJson) out.json(erased)
    else if (isNothing(erased)) out.line(NOTHING)
    else out.line(`${out.paint('good', '✓')} ${sum(erased)} erased.`)
    if (erased.state === 'pending')
      out.say(
        `${out.tint('warn', 'Pending:')} nobody can read it any more, but a program that looks at the store as it was keeps its bytes there. They go by themselves once it lets go: with the next process that opens the store, at the latest.\n    throughline doctor${desk.storeFlag}`,
      )
    return 0
  })
}

const NOTHING = 'There is nothing of it here.'
const isNothing = ({ items, events }: Erasure): boolean => items.length === 0 && events === 0

function sum({ items, versions, runs, briefs, events, blobs, bytes }: Erasure): string {
  const of = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`
  const parts = [
    `${of(items.length, 'item')} in ${of(versions, 'version')}`,
    ...(runs.length > 0 ? [`the record of ${of(runs.length, 'run')}`] : []),
    ...(briefs.length > 0
      ? [`the briefs of ${of(briefs.length, 'run or thread').replace('run or threads', 'runs or threads')}`]
      : []),
  ]
  return `${parts.join(', ')} (${of(events, 'event')}, ${of(blobs, 'blob')}, ${bytesText(bytes)})`
}

const MOST = 20

const shown = (runs: readonly string[]): string =>
  `${runs.slice(0, MOST).map(quoted).join('\n  ')}${runs.length > MOST ? `\n  and ${runs.length - MOST} more` : ''}`

function terminal(): Question | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return async (text) => {
    using asked = createInterface({ input: process.stdin, output: process.stderr })
    return await asked.question(text)
  }
}
