/**
 * The command line: finds the command, loads it alone, and turns whatever happens into an exit code.
 *
 * P1. `--version` is answered before anything is loaded.
 * P2. An error ends in a sentence and a code (failure.ts), also one that a user's own file raises out of turn.
 */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import type { Desk, ExitCode } from './command.ts'
import type { Output } from './output.ts'

export async function main(argv: readonly string[]): Promise<void> {
  const [first] = argv
  if (argv.length === 1 && (first === '--version' || first === '-V')) {
    process.stdout.write(`${version()}\n`)
    return
  }
  // Kept in the temporary folder, by Node: a start from sources takes half as long, from a build three quarters.
  enableCompileCache()
  quitWhenNobodyReads()
  const [{ flushed, terminalOutput }, { report }] = await Promise.all([
    import('./output.ts'),
    import('./failure.ts'),
  ])
  const out = terminalOutput(argv.includes('--json'))
  const crashed = (error: unknown) => {
    out.status(undefined)
    report(error, out)
    process.exit(1)
  }
  process.on('uncaughtException', crashed).on('unhandledRejection', crashed)
  const code = await perform(argv, out)
  await flushed()
  // A user's file may have left timers or sockets open; everything of ours is closed by now.
  process.exit(code)
}

/** Does what is asked and says with which code to exit. Never throws. */
export async function perform(argv: readonly string[], out: Output): Promise<ExitCode> {
  const [{ Command, CommanderError }, { catalogue }, { exitCodeOf, report }, requests] = await Promise.all([
    import('commander'),
    import('./catalogue.ts'),
    import('./failure.ts'),
    import('./request.ts'),
  ])
  let code: ExitCode = 0
  let said = ''
  const program = new Command('throughline')
    .description('Durable execution for AI agents: runs that survive, on one record.')
    .option('--store <store>', 'where the record is kept (THROUGHLINE_STORE; file:./throughline.db)')
    .option('--json', 'answer in JSON, one line')
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => out.line(text.replace(/\n$/, '')),
      writeErr: (text) => (said += text),
    })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExample:\n  throughline run review.ts --input \'{"lockfile":"package-lock.json"}\' --follow',
    )
  const act =
    <Args extends unknown[]>(work: (desk: Desk, ...args: Args) => Promise<ExitCode>) =>
    async (...args: Args) => {
      code = await work(requests.deskOf(program.opts(), out), ...args)
    }
  const isAsked = (name: string) => argv.includes(name)
  for (const { name, summary, load } of catalogue) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${capital(summary)}.`)
    if (isAsked(name)) (await load()).define(command, act)
  }
  try {
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    out.status(undefined)
    if (!(error instanceof CommanderError)) {
      report(error, out)
      return exitCodeOf(error)
    }
    if (error.exitCode === 0) return 0
    // A command that only has commands of its own, and none was named: what it can do is the answer.
    if (error.code === 'commander.help') {
      out.line(said.trimEnd())
      return 0
    }
    report(requests.misused(error.message, argv, catalogue), out)
    return 2
  }
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String((manifest as { readonly version?: unknown }).version)
}

/** `throughline history … | head` closes the pipe early: that is no failure of ours. */
function quitWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
}
