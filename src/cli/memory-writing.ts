/** `throughline memory decide`, `add`, `supersede` and the words that end an item or keep it up. */
import type { Command } from 'commander'
import { type By, type Kept, type LinkType, type Throughline } from '../app/index.ts'
import { asClient, type Act, type Desk, type ExitCode } from './command.ts'
import { byOf, dateOf, wholeNumber } from './given.ts'
import { jsonArgument } from './json.ts'

interface Given extends By {
  readonly scope?: string
  readonly predicate?: string
  readonly value?: string
  readonly because?: string
  readonly due?: string
  readonly review?: string
  readonly from?: string
  readonly until?: string
  readonly answers?: string
  readonly derivedFrom?: string
  readonly dependsOn?: string
  readonly supports?: string
  readonly blocks?: string
  readonly supersedes?: string
  readonly ifVersion?: string
}

const KINDS = 'fact, commitment, question, constraint, preference, assumption or risk'

export function defineWriting(command: Command, act: Act): void {
  written(command.command('decide'))
    .summary('record a decision and its reason')
    .argument('<subject>', 'what it is about: vendor:acme')
    .argument('<choice>', 'what was chosen')
    .requiredOption('--because <reason>', 'why')
    .option('--supersedes <item>', 'the item it replaces')
    .addHelpText(
      'after',
      "\nExample:\n  throughline memory decide vendor:acme excluded --because 'No SOC 2 report' --review 2027-03-01",
    )
    .action(
      act((desk, subject: string, choice: string, options: Given) =>
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
    .addHelpText(
      'after',
      "\nExample:\n  throughline memory add commitment report 'Send the report to Bo' --due 2026-12-01",
    )
    .action(
      act((desk, kind: string, subject: string, statement: string, options: Given) =>
        writing(desk, (tl) =>
          // Which kinds there are is checked there, and named.
          tl.memory.remember({ ...common(options), kind: kind as 'fact', subject, statement }, byOf(options)),
        ),
      ),
    )
  written(command.command('supersede'))
    .summary('put another item in the place of one, about the same')
    .argument('<item>', 'the item that no longer holds')
    .argument('<said>', 'what holds instead: the choice of a decision, the statement of anything else')
    .requiredOption('--because <reason>', 'why')
    .option('--value <json>', 'the value of its predicate; the old one has its own')
    .option('--due <date>', 'when it is due')
    .option('--if-version <n>', 'only if this is its newest version')
    .addHelpText(
      'after',
      "\nExample:\n  throughline memory supersede item_01k2… included --because 'The report arrived'",
    )
    .action(
      act((desk, id: string, said: string, options: Given) =>
        writing(desk, (tl) => supersede(tl, id, said, options), true),
      ),
    )
  for (const [name, summary, because] of [
    ['withdraw', 'say that an item no longer holds', 'the report arrived'],
    ['fulfil', 'say that a commitment was kept, or a question answered', 'sent on Monday'],
    ['accept', 'let a proposed item hold from now on', 'agreed with legal'],
  ] as const) {
    ending(command.command(name), name, because)
      .summary(summary)
      .action(
        act((desk, id: string, options: Given) =>
          writing(desk, (tl) => tl.memory[name](id, endOf(options)), true),
        ),
      )
  }
  ending(command.command('review'), 'review', 'still no report', ' --until 2027-06-01')
    .summary('say that an item was looked at and holds: what it was flagged for is settled')
    .option('--until <date>', 'when it is to be looked at again')
    .action(
      act((desk, id: string, options: Given) =>
        writing(
          desk,
          (tl) => {
            const until = options.until === undefined ? {} : { until: dateOf(options.until, '--until') }
            return tl.memory.review(id, { ...endOf(options), ...until })
          },
          true,
        ),
      ),
    )
}

/** The options of whatever changes an item. */
function ending(command: Command, name: string, because: string, more = ''): Command {
  return command
    .argument('<item>', 'the item')
    .requiredOption('--because <reason>', 'why')
    .option('--if-version <n>', 'only if this is its newest version')
    .option('--by <who>', 'whose word it is; yours unless told')
    .addHelpText('after', `\nExample:\n  throughline memory ${name} item_01k2…${more} --because '${because}'`)
}

const endOf = (options: Given) => ({
  because: options.because ?? '',
  ...versionOf(options),
  ...byOf(options),
})

const versionOf = ({ ifVersion }: Given) =>
  ifVersion === undefined ? {} : { version: wholeNumber(ifVersion, '--if-version') }

/** The options of whatever writes an item. */
function written(command: Command): Command {
  return command
    .option('--scope <scope>', 'where it holds: a path such as acme/purchasing')
    .option('--predicate <name>', 'which property of the subject its value is of')
    .option('--review <date>', 'when it is to be looked at again')
    .option('--from <date>', 'since when it is true')
    .option('--until <date>', 'until when it is true')
    .option('--derived-from <items>', 'what it rests on, with commas between')
    .option('--depends-on <items>', 'what must hold for it to hold')
    .option('--supports <items>', 'what it speaks for')
    .option('--blocks <items>', 'what cannot be done because of it')
    .option('--answers <items>', 'questions that it answers')
    .option('--by <who>', 'whose word it is; yours unless told')
}

/** About the same, of the same kind, where the old one held; from the version that stands. */
async function supersede(tl: Throughline, id: string, said: string, options: Given): Promise<Kept> {
  const { kind, subject, predicate, scope, version } = await tl.memory.get(id)
  const { because = '' } = options
  const about = {
    subject,
    scope,
    ...(predicate === undefined ? {} : { predicate }),
    ...common(options),
    because,
  }
  const how = { version, ...versionOf(options), ...byOf(options) }
  return kind === 'decision'
    ? tl.memory.supersede(id, { ...about, choice: said }, how)
    : tl.memory.supersede(id, { ...about, kind, statement: said }, how)
}

async function writing(
  desk: Desk,
  work: (tl: Throughline) => Promise<Kept>,
  mustExist = false,
): Promise<ExitCode> {
  const { out } = desk
  const kept = await asClient(desk, work, { mustExist })
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

const LINKS: readonly (readonly [keyof Given, LinkType])[] = [
  ['derivedFrom', 'derived_from'],
  ['dependsOn', 'depends_on'],
  ['supports', 'supports'],
  ['blocks', 'blocks'],
  ['answers', 'answers'],
]

function common(options: Given) {
  const { scope, predicate, value, because, due, review, from, until } = options
  const links = LINKS.flatMap(([option, type]) =>
    (options[option]?.split(',') ?? []).map((to) => ({ type, to: to.trim() })),
  )
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(predicate === undefined ? {} : { predicate }),
    ...(value === undefined ? {} : { value: jsonArgument(value, '--value') }),
    ...(because === undefined ? {} : { because }),
    ...(due === undefined ? {} : { dueAt: dateOf(due, '--due') }),
    ...(review === undefined ? {} : { reviewAt: dateOf(review, '--review') }),
    ...(from === undefined ? {} : { validFrom: dateOf(from, '--from') }),
    ...(until === undefined ? {} : { validTo: dateOf(until, '--until') }),
    ...(links.length === 0 ? {} : { links }),
  }
}
