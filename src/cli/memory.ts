/** `throughline memory`: what was decided, promised, asked and learned; and a person's own word on it. */
import type { Command } from 'commander'
import type { Throughline } from '../app/index.ts'
import { asClient, type Act, type Define, type Desk, type ExitCode } from './command.ts'
import { defineErase } from './erase.ts'
import { wholeNumber } from './given.ts'
import { plain } from './json.ts'
import { drawConflicts, drawFound, drawItem, drawItems } from './memory-lines.ts'
import { defineUpkeep } from './memory-upkeep.ts'
import { defineWriting } from './memory-writing.ts'
import { pastMoment } from './moment.ts'

export const define: Define = (command, act) => {
  command.addHelpText(
    'after',
    `
Example:
  throughline memory decide vendor:acme excluded --because 'No SOC 2 report' --scope purchasing
  throughline memory list --scope purchasing
  throughline memory recall 'who has no audit report'
  throughline memory show item_01k2…
  throughline memory edit purchasing`,
  )
  defineReading(command, act)
  defineWriting(command, act)
  defineUpkeep(command, act)
  defineErase(command, act)
}

function defineReading(command: Command, act: Act): void {
  command
    .command('list')
    .summary('live items, newest first')
    .option('--kind <kinds>', 'decision, fact, commitment …, with commas between')
    .option('--status <statuses>', 'active unless told; proposed, superseded, withdrawn, fulfilled, expired')
    .option('--subject <subject>', 'about this')
    .option('--scope <scope>', 'what holds in this scope: its own and those above it')
    .option('--flagged', 'only what rests on what no longer holds')
    .option('--as-of <date>', 'what was believed then: a date, or so long ago')
    .option('--limit <n>', 'how many; 100 unless told, 1000 at most')
    .option('--cursor <cursor>', 'go on after the page that gave it')
    .addHelpText(
      'after',
      '\nExample:\n  throughline memory list --kind decision,constraint --scope acme/purchasing',
    )
    .action(act((desk, options: ListOptions) => asClient(desk, (tl) => list(desk, tl, options))))
  command
    .command('show')
    .summary('an item: its reasons, its links, what it was flagged for, and every version of it')
    .argument('<item>', 'the item')
    .addHelpText('after', '\nExample:\n  throughline memory show item_01k2…')
    .action(act((desk, id: string) => asClient(desk, (tl) => show(desk, tl, id))))
  command
    .command('recall')
    .summary('what answers best, best first, and why')
    .argument('<query>', 'words')
    .option('--kind <kinds>', 'decision, fact, commitment …, with commas between')
    .option('--scope <scope>', 'what holds in this scope: its own and those above it')
    .option('--as-of <date>', 'what was believed then: a date, or so long ago')
    .option('--limit <n>', 'how many; 10 unless told, 200 at most')
    .option('--budget <tokens>', 'as many as fit into so many tokens')
    .addHelpText('after', "\nExample:\n  throughline memory recall 'who has no audit report' --kind decision")
    .action(
      act((desk, query: string, options: ListOptions) =>
        asClient(desk, (tl) => recall(desk, tl, query, options)),
      ),
    )
  command
    .command('conflicts')
    .summary('live items that cannot both hold')
    .option('--scope <scope>', 'of this scope')
    .option('--like <item>', 'instead: items worded much as this one, which may be worth a look')
    .addHelpText(
      'after',
      '\nExample:\n  throughline memory conflicts\n  throughline memory conflicts --like item_01k2…',
    )
    .action(
      act((desk, options: { readonly scope?: string; readonly like?: string }) =>
        asClient(desk, (tl) => conflicts(desk, tl, options)),
      ),
    )
}

interface ListOptions {
  readonly kind?: string
  readonly status?: string
  readonly subject?: string
  readonly scope?: string
  readonly flagged?: boolean
  readonly asOf?: string
  readonly limit?: string
  readonly budget?: string
  readonly cursor?: string
}

/** Which words there are is checked where they are asked for, and named. */
const words = (text: string) => text.split(',').map((word) => word.trim()) as never[]

async function show({ out }: Desk, tl: Throughline, id: string): Promise<ExitCode> {
  const versions = await tl.memory.history(id)
  const [now, flags, linkedFrom] = [
    await tl.memory.get(id),
    await tl.memory.flags([id]),
    await tl.memory.linksTo(id),
  ]
  if (out.isJson) out.json(plain({ ...now, versions, flags, linkedFrom }))
  else drawItem(out, { now, versions, flags, linkedFrom })
  return 0
}

async function conflicts(
  { out }: Desk,
  tl: Throughline,
  { scope, like }: { readonly scope?: string; readonly like?: string },
): Promise<ExitCode> {
  if (like !== undefined) {
    const found = await tl.memory.possibleConflicts(like)
    if (out.isJson) out.json(plain(found))
    else drawFound(out, found)
    return 0
  }
  const found = await tl.memory.conflicts(scope)
  if (out.isJson) out.json(plain(found))
  else drawConflicts(out, found)
  return 0
}

async function recall(
  desk: Desk,
  tl: Throughline,
  query: string,
  { kind, scope, asOf, limit, budget }: ListOptions,
): Promise<ExitCode> {
  const found = await tl.memory.recall({
    query,
    ...(kind === undefined ? {} : { kinds: words(kind) }),
    ...(scope === undefined ? {} : { scope }),
    ...(asOf === undefined ? {} : { asOf: pastMoment(asOf, '--as-of', Date.now()) }),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(budget === undefined ? {} : { budget: wholeNumber(budget, '--budget') }),
  })
  if (desk.out.isJson) desk.out.json(plain(found))
  else drawFound(desk.out, found)
  return 0
}

async function list(desk: Desk, tl: Throughline, options: ListOptions): Promise<ExitCode> {
  const { kind, status, subject, scope, flagged, asOf, limit, cursor } = options
  const query = {
    ...(kind === undefined ? {} : { kinds: words(kind) }),
    ...(status === undefined ? {} : { status: words(status) }),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scope }),
    ...(flagged ? { isFlagged: true } : {}),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(cursor === undefined ? {} : { cursor }),
  }
  const page =
    asOf === undefined
      ? await tl.memory.list(query)
      : { items: await tl.memory.asOf(pastMoment(asOf, '--as-of', Date.now()), query), cursor: undefined }
  const { out } = desk
  if (out.isJson) {
    out.json(plain(page))
    return 0
  }
  const flags = asOf === undefined ? await tl.memory.flags(page.items.map(({ id }) => id)) : []
  drawItems(out, page.items, new Set(flags.map(({ item }) => item)))
  if (page.cursor !== undefined) out.say(out.tint('dim', `There are more: --cursor ${page.cursor}`))
  return 0
}
