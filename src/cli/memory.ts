/** `throughline memory`: what was decided, promised, asked and learned; and a person's own word on it. */
import type { Command } from 'commander'
import { type By, type Kept, type Throughline } from '../app/index.ts'
import { asClient, type Act, type Define, type Desk, type ExitCode } from './command.ts'
import { defineErase } from './erase.ts'
import { byOf, dateOf, wholeNumber } from './given.ts'
import { jsonArgument, plain } from './json.ts'
import { drawConflicts, drawFound, drawItem, drawItems } from './memory-lines.ts'
import { pastMoment } from './moment.ts'

interface Given extends By {
  readonly scope?: string
  readonly subject?: string
  readonly predicate?: string
  readonly value?: string
  readonly because?: string
  readonly due?: string
  readonly review?: string
  readonly kind?: string
}

const KINDS = 'fact, commitment, question, constraint, preference, assumption or risk'

export const define: Define = (command, act) => {
  command.addHelpText(
    'after',
    `
Example:
  throughline memory decide vendor:acme excluded --because 'No SOC 2 report' --scope purchasing
  throughline memory list --scope purchasing
  throughline memory recall 'who has no audit report'
  throughline memory show item_01k2…`,
  )
  defineReading(command, act)
  defineWriting(command, act)
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
    .option('--as-of <date>', 'what was believed then: a date, or so long ago')
    .option('--limit <n>', 'how many; 100 unless told, 1000 at most')
    .option('--cursor <cursor>', 'go on after the page that gave it')
    .action(act((desk, options: ListOptions) => asClient(desk, (tl) => list(desk, tl, options))))
  command
    .command('show')
    .summary('an item, with its reasons and every version of it')
    .argument('<item>', 'the item')
    .action(
      act((desk, id: string) =>
        asClient(desk, async (tl) => {
          const versions = await tl.memory.history(id)
          if (desk.out.isJson) desk.out.json(plain(versions))
          else drawItem(desk.out, versions)
          return 0
        }),
      ),
    )
  command
    .command('recall')
    .summary('what answers best, best first, and why')
    .argument('<query>', 'words')
    .option('--kind <kinds>', 'decision, fact, commitment …, with commas between')
    .option('--scope <scope>', 'what holds in this scope: its own and those above it')
    .option('--as-of <date>', 'what was believed then: a date, or so long ago')
    .option('--limit <n>', 'how many; 10 unless told, 200 at most')
    .action(
      act((desk, query: string, options: ListOptions) =>
        asClient(desk, (tl) => recall(desk, tl, query, options)),
      ),
    )
  command
    .command('conflicts')
    .summary('live items that cannot both hold')
    .option('--scope <scope>', 'of this scope')
    .action(
      act((desk, { scope }: { readonly scope?: string }) =>
        asClient(desk, async (tl) => {
          const found = await tl.memory.conflicts(scope)
          if (desk.out.isJson) desk.out.json(plain(found))
          else drawConflicts(desk.out, found)
          return 0
        }),
      ),
    )
}

function defineWriting(command: Command, act: Act): void {
  written(command.command('decide'))
    .summary('record a decision and its reason')
    .argument('<subject>', 'what it is about: vendor:acme')
    .argument('<choice>', 'what was chosen')
    .requiredOption('--because <reason>', 'why')
    .option('--supersedes <item>', 'the item it replaces')
    .action(
      act((desk, subject: string, choice: string, options: Given & { readonly supersedes?: string }) =>
        writing(desk, (tl) => {
          const { because = '', supersedes } = options
          const replaced = supersedes === undefined ? {} : { supersedes }
          return tl.memory.decide(
            { ...common(options), subject, choice, because, ...replaced },
            byOf(options),
          )
        }),
      ),
    )
  written(command.command('add'))
    .summary(`record a ${KINDS}`)
    .argument('<kind>', KINDS)
    .argument('<subject>', 'what it is about')
    .argument('<statement>', 'what is so')
    .option('--because <reason>', 'why')
    .option('--value <json>', 'the value of its predicate')
    .option('--due <date>', 'when it is due')
    .action(
      act((desk, kind: string, subject: string, statement: string, options: Given) =>
        writing(desk, (tl) =>
          // Which kinds there are is checked there, and named.
          tl.memory.remember({ ...common(options), kind: kind as 'fact', subject, statement }, byOf(options)),
        ),
      ),
    )
  for (const [name, summary] of [
    ['withdraw', 'say that an item no longer holds'],
    ['fulfil', 'say that a commitment was kept, or a question answered'],
    ['accept', 'let a proposed item hold from now on'],
  ] as const) {
    command
      .command(name)
      .summary(summary)
      .argument('<item>', 'the item')
      .requiredOption('--because <reason>', 'why')
      .option('--by <who>', 'whose word it is; yours unless told')
      .action(
        act((desk, id: string, options: Given) =>
          writing(desk, (tl) => tl.memory[name](id, { because: options.because ?? '', ...byOf(options) })),
        ),
      )
  }
}

/** The options of whatever writes an item. */
function written(command: Command): Command {
  return command
    .option('--scope <scope>', 'where it holds: a path such as acme/purchasing')
    .option('--predicate <name>', 'which property of the subject its value is of')
    .option('--review <date>', 'when it is to be looked at again')
    .option('--by <who>', 'whose word it is; yours unless told')
}

interface ListOptions {
  readonly kind?: string
  readonly status?: string
  readonly subject?: string
  readonly scope?: string
  readonly asOf?: string
  readonly limit?: string
  readonly cursor?: string
}

async function recall(
  desk: Desk,
  tl: Throughline,
  query: string,
  { kind, scope, asOf, limit }: ListOptions,
): Promise<ExitCode> {
  const found = await tl.memory.recall({
    query,
    ...(kind === undefined ? {} : { kinds: kind.split(',').map((word) => word.trim()) as never[] }), // unknown ones find nothing
    ...(scope === undefined ? {} : { scope }),
    ...(asOf === undefined ? {} : { asOf: pastMoment(asOf, '--as-of', Date.now()) }),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
  })
  if (desk.out.isJson) desk.out.json(plain(found))
  else drawFound(desk.out, found)
  return 0
}

async function list(desk: Desk, tl: Throughline, options: ListOptions): Promise<ExitCode> {
  const { kind, status, subject, scope, asOf, limit, cursor } = options
  const words = (text: string) => text.split(',').map((word) => word.trim()) as never[] // unknown ones find nothing
  const query = {
    ...(kind === undefined ? {} : { kinds: words(kind) }),
    ...(status === undefined ? {} : { status: words(status) }),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scope }),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(cursor === undefined ? {} : { cursor }),
  }
  const page =
    asOf === undefined
      ? await tl.memory.list(query)
      : { items: await tl.memory.asOf(pastMoment(asOf, '--as-of', Date.now()), query), cursor: undefined }
  if (desk.out.isJson) desk.out.json(plain(page))
  else drawItems(desk.out, page.items)
  if (!desk.out.isJson && page.cursor !== undefined)
    desk.out.say(desk.out.tint('dim', `There are more: --cursor ${page.cursor}`))
  return 0
}

async function writing(desk: Desk, work: (tl: Throughline) => Promise<Kept>): Promise<ExitCode> {
  const { out } = desk
  const kept = await asClient(desk, work, { mustExist: false })
  if (out.isJson) {
    out.json(kept)
    return 0
  }
  out.line(kept.id)
  for (const other of kept.conflicts)
    out.say(
      `${out.tint('warn', 'Conflict:')} ${other} says otherwise. One has to go:\n    throughline memory withdraw ${other} --because '…'${desk.storeFlag}`,
    )
  return 0
}

function common(options: Given) {
  const { scope, predicate, value, because, due, review } = options
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(predicate === undefined ? {} : { predicate }),
    ...(value === undefined ? {} : { value: jsonArgument(value, '--value') }),
    ...(because === undefined ? {} : { because }),
    ...(due === undefined ? {} : { dueAt: dateOf(due, '--due') }),
    ...(review === undefined ? {} : { reviewAt: dateOf(review, '--review') }),
  }
}
