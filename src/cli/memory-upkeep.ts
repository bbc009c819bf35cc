/** `throughline memory profile`, `export`, `import` and `edit`: memory looked through, and changed as a text. */
import type { Command } from 'commander'
import { BadRequest, type By, type Throughline } from '../app/index.ts'
import { asClient, type Act, type Desk, type ExitCode } from './command.ts'
import { edited } from './editor.ts'
import { byOf } from './given.ts'
import { plain } from './json.ts'
import { linesOf, writeLines } from './lines.ts'
import { drawImported, drawProfile } from './memory-lines.ts'

/** In characters. What is refused for its length is not read to its end. */
const MOST_LINE = 64 << 20

interface ImportOptions extends By {
  readonly because?: string
  readonly dryRun?: boolean
}

export function defineUpkeep(command: Command, act: Act): void {
  command
    .command('profile')
    .summary('how memory stands: what is live, due, stale, expired, flagged, unused, in dispute')
    .argument('[scope]', 'a scope and those below it; all unless told')
    .addHelpText('after', '\nExample:\n  throughline memory profile acme/purchasing')
    .action(
      act((desk, scope: string | undefined) =>
        asClient(desk, async (tl) => {
          const profile = await tl.memory.profile(scope)
          if (desk.out.isJson) desk.out.json(plain(profile))
          else drawProfile(desk.out, profile)
          return 0
        }),
      ),
    )
  command
    .command('export')
    .summary('write memory as lines of JSON, or as Markdown to be edited')
    .argument('[what]', 'a scope and those below it, or an item; all unless told')
    .option('--format <format>', 'jsonl: every version. markdown: what is live', 'jsonl')
    .option('--out <file>', 'write to a file, whole or not at all; stdout unless told')
    .addHelpText(
      'after',
      '\nExample:\n  throughline memory export --format markdown > register.md\n  throughline memory export purchasing --out purchasing.jsonl',
    )
    .action(
      act((desk, what: string | undefined, options: { readonly format: string; readonly out?: string }) =>
        asClient(desk, async (tl) => {
          const { format, out: file } = options
          const lines = tl.memory.export({ ...(await asked(tl, what)), format: formatOf(format) })
          const count = await writeLines(lines, file)
          if (desk.out.isJson && file !== undefined) desk.out.json({ file, lines: count })
          else if (file !== undefined) desk.out.say(`Exported ${count} lines to ${file}.`)
          return 0
        }),
      ),
    )
  command
    .command('import')
    .summary('take in what an export wrote, or what somebody made of its Markdown')
    .argument('<file>', 'the file; - for stdin')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--because <reason>', 'why items end, where the text does not say')
    .option('--by <who>', 'whose word it is; yours unless told')
    .addHelpText(
      'after',
      '\nAll of it, or nothing. Of Markdown, what was not touched is left alone; what was touched and changed here meanwhile is refused.\n\nExample:\n  throughline memory import register.md --dry-run',
    )
    .action(
      act((desk, file: string, options: ImportOptions) => {
        const lines = linesOf(file, MOST_LINE)
        return asClient(desk, (tl) => take(desk, tl, lines, options), { mustExist: false })
      }),
    )
  command
    .command('edit')
    .summary('open memory in your editor, and import what was saved')
    .argument('[what]', 'an item, or a scope and those below it; all unless told')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--because <reason>', 'why items end, where the text does not say')
    .option('--by <who>', 'whose word it is; yours unless told')
    .addHelpText(
      'after',
      '\nThe editor is the one VISUAL or EDITOR names.\n\nExample:\n  throughline memory edit purchasing',
    )
    .action(act((desk, what: string | undefined, options: ImportOptions) => edit(desk, what, options)))
}

/** The store is let go of while somebody writes. */
async function edit(desk: Desk, what: string | undefined, options: ImportOptions): Promise<ExitCode> {
  const text = await asClient(desk, async (tl) => {
    const of = await asked(tl, what)
    const lines = await Array.fromAsync(tl.memory.export({ ...of, format: 'markdown' }))
    if ('item' in of && !lines.some((line) => line.startsWith('## ')))
      throw new BadRequest(
        `${what} is over; there is nothing to edit. See "throughline memory show ${what}", and record a new one.`,
        { item: what },
      )
    return `${lines.join('\n')}\n`
  })
  return edited(text, 'memory.md', async (saved) => {
    if (saved !== undefined) return asClient(desk, (tl) => take(desk, tl, saved.split('\n'), options))
    if (desk.out.isJson) desk.out.json({ format: 'markdown', changes: [], alreadyHere: 0, conflicts: [] })
    else desk.out.say('Nothing was changed.')
    return 0
  })
}

async function take(
  { out }: Desk,
  tl: Throughline,
  lines: Iterable<string>,
  { because, dryRun = false, ...options }: ImportOptions,
): Promise<ExitCode> {
  const imported = await tl.memory.import(lines, {
    ...byOf(options),
    dryRun,
    ...(because === undefined ? {} : { because }),
  })
  if (out.isJson) out.json(plain({ ...imported, isDryRun: dryRun }))
  else drawImported(out, imported, dryRun)
  return 0
}

/** An item, where there is one of that name; a scope otherwise. @throws {ItemNotFound} for what can only be an item */
async function asked(
  tl: Throughline,
  what: string | undefined,
): Promise<{ readonly item?: string; readonly scope?: string }> {
  if (what === undefined) return {}
  if (!/^item_\w+$/.test(what)) return { scope: what }
  await tl.memory.get(what)
  return { item: what }
}

function formatOf(format: string): 'jsonl' | 'markdown' {
  if (format === 'jsonl' || format === 'markdown') return format
  throw new BadRequest(`--format is jsonl or markdown; got ${JSON.stringify(format)}.`, { format })
}
