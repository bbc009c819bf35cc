/** `throughline feedback`: a person's correction of an output, and the convention that follows from it. */
import { BadRequest, type AnyTask, type Feedback, type GivenFeedback } from '../app/index.ts'
import { messageOf } from '../errors.ts'
import { asClient, type Define, type Desk } from './command.ts'
import { jsonArgument, preview } from './json.ts'
import { tasksOf } from './module.ts'

interface Options {
  readonly path?: string
  readonly was?: string
  readonly is?: string
  readonly because?: string
  readonly by?: string
  readonly id?: string
  readonly file?: string
  /** `--no-convention` makes it false. */
  readonly convention?: boolean
  readonly asConvention?: string | true
}

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run whose output is wrong')
    .option('--path <place>', 'where in the output: rows[3].category; empty for all of it', '')
    .option('--was <value>', 'what is there: JSON, @file, or plain text')
    .option('--is <value>', 'what it should be')
    .option('--because <reason>', 'why')
    .option('--by <name>', 'who says so', 'person')
    .option('--id <id>', 'names the correction: the same id is recorded once')
    .option('--as-convention [json]', 'make a convention of it, with these parts: {"subject":"payee:Acme"}')
    .option('--no-convention', 'make none, whatever the task says')
    .option('--file <file>', "the file with the task's rule, instead of the one the run was started from")
    .addHelpText(
      'after',
      `
Text that would be read as JSON (42, true, null) is quoted as JSON to be meant as text: --is '"42"'

Example:
  throughline feedback run_01k2… --path rows[3].category --was Travel --is Fuel --because 'It is a filling station'`,
    )
    .action(
      act(async (desk, runId: string, options: Options) => {
        const given = givenBy(options)
        const source = await asClient(desk, async (tl) => (await (await tl.run(runId)).info()).source)
        const tasks = given.asConvention === undefined ? await rulesFrom(desk, options.file, source) : []
        return asClient(desk, async (tl) => tell(desk, await (await tl.run(runId)).feedback(given)), {
          tasks,
        })
      }),
    )
}

/** @throws {BadRequest} */
function givenBy({ path = '', was, is, because, by, id, convention, asConvention }: Options): GivenFeedback {
  if (was === undefined || is === undefined)
    throw new BadRequest('Say what is there and what it should be: --was <value> --is <value>.')
  if (convention === false && asConvention !== undefined)
    throw new BadRequest('Give --as-convention or --no-convention, not both.')
  const request =
    convention === false ? false : asConvention === undefined ? undefined : partsOf(asConvention)
  return {
    path,
    was: valueOf(was, '--was'),
    is: valueOf(is, '--is'),
    ...(by === undefined ? {} : { by }),
    ...(because === undefined ? {} : { because }),
    ...(id === undefined ? {} : { id }),
    ...(request === undefined ? {} : { asConvention: request }),
  }
}

function partsOf(text: string | true): NonNullable<GivenFeedback['asConvention']> {
  if (text === true) return true
  const parts = jsonArgument(text, '--as-convention')
  if (typeof parts !== 'object' || parts === null || Array.isArray(parts))
    throw new BadRequest(`--as-convention takes an object such as {"subject":"payee:Acme"}.`)
  return parts // what is wrong with its fields is said when the item is made
}

/** JSON where it is JSON; people write text without quotes. */
function valueOf(text: string, what: string): unknown {
  if (text.startsWith('@')) return jsonArgument(text, what)
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The code that may hold the task's rule; without it the correction is recorded all the same. */
async function rulesFrom(
  desk: Desk,
  file: string | undefined,
  source: string | undefined,
): Promise<readonly AnyTask[]> {
  if (file !== undefined) return (await tasksOf(file, desk.out)).tasks
  if (source === undefined) return []
  try {
    return (await tasksOf(source, desk.out)).tasks
  } catch (error) {
    desk.out.say(`${desk.out.tint('warn', 'without its code:')} ${messageOf(error)}`)
    return []
  }
}

function tell({ out, storeFlag }: Desk, given: Feedback): 0 {
  const { run, path, was, is, convention, rule } = given
  if (out.isJson) out.json({ ...given, keys: undefined })
  else out.line(`${path === '' ? 'the output' : path} of ${run}: ${preview(was, 60)} → ${preview(is, 60)}`)
  if (convention !== undefined)
    out.say(`It became a convention:\n    throughline memory show ${convention}${storeFlag}`)
  else if (rule === 'unknown')
    out.say(
      'The code of its task is not here, so its rule was not asked and no convention was made. --file <file> names it; --as-convention makes one without.',
    )
  else if (rule === 'none')
    out.say('Its task declares no rule, so no convention was made; --as-convention makes one.')
  return 0
}
