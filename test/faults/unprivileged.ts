/** Opens a store as a user who may not write it, and says what works. Root gives up its rights first: they ignore permissions. */
import { open, task } from 'throughline'

const NOBODY = 65534
const [store = '', mode = ''] = process.argv.slice(2)
const greet = task({ name: 'greet', run: (ctx) => ctx.step('compose', () => 'hello') })

if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
const said: Record<string, unknown> = {}
const problem = (error: unknown) =>
  error instanceof Error && 'code' in error ? { code: error.code, message: error.message } : String(error)
try {
  await using tl = await open({ store, tasks: [greet], isReadOnly: mode === 'read' })
  said['runs'] = (await tl.runs.list()).runs.map(({ status }) => status)
  said['breaks'] = (await tl.verify()).breaks
  said['events'] = (await Array.fromAsync(tl.history((await tl.runs.list()).runs[0]?.id ?? ''))).length
  said['wrote'] = await tl.start(greet, undefined).then(() => true, problem)
} catch (error) {
  said['open'] = problem(error)
}
process.stdout.write(JSON.stringify(said))
