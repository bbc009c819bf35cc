/**
 * Uses the package as a stranger would: packed, installed into an empty folder, and used from there.
 *
 * Nothing here reaches into this repository but for the compiler and Node's types, which a consumer brings along.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pack } from '../../scripts/pack.ts'

const consumer = `import { open, task, type Task } from 'throughline'
import { testbed } from 'throughline/testing'

const greet = task({
  name: 'greet',
  run: (ctx, input) => ctx.step('greeting', () => \`Hello, \${String(input)}\`),
})

const tl = await open({ store: 'memory:', tasks: [greet] })
const run = await tl.start(greet, 'world')
const answer: string = await run.result()
await tl.close()
if (answer !== 'Hello, world') throw new Error(\`unexpected answer: \${answer}\`)
const kit: typeof testbed = testbed
const same: Task<unknown, string> = greet
console.log(typeof kit, same.name)
`
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // The declarations we ship are checked too.
  skipLibCheck: false,
  types: ['node'],
}

const folder = mkdtempSync(join(tmpdir(), 'throughline-consume-'))
const home = join(folder, 'consumer')
try {
  const tarball = pack(folder)
  mkdirSync(home)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  )
  run('installs from the tarball', 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball])

  const names = `import * as a from 'throughline'; import * as b from 'throughline/testing'
    for (const name of ['open', 'task']) if (typeof a[name] !== 'function') throw new Error(name + ' is missing')
    if (typeof b.testbed !== 'function') throw new Error('testbed is missing')`
  run('imports both entries', process.execPath, ['--input-type=module', '--eval', names])

  const rules = `const { compileRule, evaluate } = await import('./node_modules/throughline/dist/memory/rules/index.js')
    const rule = compileRule({ target: 'x', forbid: "value.vendors.exists(v, v.name.matches('^ac'))" })
    const { outcome, parts } = evaluate(rule, { vendors: [{ name: 'bolt' }, { name: 'acme' }] })
    if (outcome !== 'violated' || parts[0].text !== 'vendors[1].name') throw new Error(outcome)`
  run('holds a value against a rule', process.execPath, ['--input-type=module', '--eval', rules])

  const said = run('answers npx throughline --version', 'npx', ['--no-install', 'throughline', '--version'])
  if (!said.includes(version)) throw new Error(`throughline --version said ${said.trim()}, not ${version}`)

  mkdirSync(join(home, 'node_modules', '@types'), { recursive: true })
  symlinkSync(resolve('node_modules/@types/node'), join(home, 'node_modules', '@types', 'node'), 'junction')
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
  writeFileSync(join(home, 'use.ts'), consumer)
  run('compiles a strict consumer', process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', '.'])
  run('runs the compiled consumer', process.execPath, ['use.js'])

  symlinkSync(resolve('node_modules/ai'), join(home, 'node_modules', 'ai'), 'junction')
  const door = `const { durable, streamText, ToolLoopAgent, tool } = await import('throughline/ai-sdk')
    for (const one of [durable, streamText, ToolLoopAgent, tool]) if (typeof one !== 'function') throw new Error('a name is missing')
    if ((await import('ai')).tool !== tool) throw new Error('this is another SDK')`
  run('imports the AI SDK by its other name', process.execPath, ['--input-type=module', '--eval', door])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Runs a command in the consumer's folder and returns what it wrote; throws with its output when it fails. */
function run(what: string, command: string, args: readonly string[]): string {
  const shell = process.platform === 'win32'
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: home,
    encoding: 'utf8',
    shell,
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`The consumer fails where it ${what}:\n${stdout}${stderr}`)
  console.log(`ok  ${what}`)
  return stdout
}
