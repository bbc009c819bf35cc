/** A text in the hands of whoever sits there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BadRequest } from '../app/index.ts'
import { quoted, type ExitCode } from './command.ts'

/**
 * Opens the editor on a text, and does `work` with what was saved, undefined if that is the same. The file goes when the work is done;
 * where it is refused, the file stays, and is named: nobody writes twice.
 */
export async function edited(
  text: string,
  name: string,
  work: (saved: string | undefined) => Promise<ExitCode>,
): Promise<ExitCode> {
  const editor = process.env['VISUAL'] || process.env['EDITOR']
  if (!editor)
    throw new BadRequest(
      'There is no editor: set VISUAL or EDITOR, or write the text to a file with "throughline memory export --format markdown --out memory.md", edit it, and import it.',
    )
  const folder = await mkdtemp(join(tmpdir(), 'throughline-'))
  const file = join(folder, name)
  await writeFile(file, text, { mode: 0o600 })
  let isDone = false
  try {
    await opened(editor, file)
    const saved = await readFile(file, 'utf8')
    const code = await work(saved === text ? undefined : saved)
    isDone = true
    return code
  } finally {
    if (isDone || (await readFile(file, 'utf8').catch(() => text)) === text)
      await rm(folder, { recursive: true, force: true })
    else
      process.stderr.write(
        `Your text is kept in ${file}. Mend it, and import it:\n    throughline memory import ${quoted(file)}\n`,
      )
  }
}

/** As git does it: what names an editor may have arguments. */
async function opened(editor: string, file: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'editor', file], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0)
    throw new BadRequest(
      `The editor (${editor}) ended with ${code === null ? 'a signal' : `code ${code}`}; nothing was imported.`,
      { editor },
    )
}
