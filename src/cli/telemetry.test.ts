/** What commands send when `OTEL_…` asks for it: real processes, one of them killed. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { Receiver } from '../../test/telemetry/receiver.ts'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const cwd = mkdtempSync(join(tmpdir(), 'throughline-otel-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

writeFileSync(
  join(cwd, 'tasks.ts'),
  `import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from ${JSON.stringify(source('../index.ts'))}
export const slow = task({ name: 'slow', async run(ctx) {
  await ctx.step('first', () => 1)
  await ctx.step('second', async ({ attempt }) => { console.log('at work'); if (!process.env.HURRY) await pause(60_000) })
} })`,
)

function start(endpoint: string, more: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=throughline-source', source('bin.ts'), ...args], {
    cwd,
    env: {
      ...process.env,
      NO_COLOR: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_SERVICE_NAME: 'reviews',
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part))
  const code = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, code, text: () => err }
}

test('a run that is killed and resumed by another process is one trace', async () => {
  await using receiver = await Receiver.listen()
  const killed = start(receiver.endpoint, {}, 'run', 'tasks.ts')
  await expect.poll(() => receiver.spans.map(({ name }) => name), { timeout: 30_000 }).toEqual(['step first'])
  await expect.poll(killed.text, { timeout: 30_000 }).toContain('at work')
  killed.child.kill('SIGKILL')
  await killed.code
  const id = /run_\w+/.exec(killed.text())?.[0] ?? 'none'
  const worker = start(receiver.endpoint, { HURRY: '1' }, 'worker', 'tasks.ts')
  await expect
    .poll(() => receiver.spans.map(({ name }) => name), { timeout: 30_000 })
    .toContain('invoke_workflow slow')
  worker.child.kill('SIGTERM')
  expect(await worker.code).toBe(0)
  // Killed between the receiver's answer and its own note of it, a batch comes again: the same to the last letter.
  const told = new Map(receiver.spans.map((span) => [JSON.stringify(span), span.name]))
  expect([...told.values()]).toEqual(['step first', 'step second', 'invoke_workflow slow'])
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1)
  expect(receiver.span('invoke_workflow slow').attributes['throughline.run.id']).toBe(id)
  expect(receiver.resources[0]).toMatchObject({ 'service.name': 'reviews' })
})

test('a receiver that is not there costs a warning, and three seconds at most', async () => {
  const run = start('http://127.0.0.1:1', { HURRY: '1' }, 'run', 'tasks.ts')
  expect(await run.code).toBe(0)
  expect(run.text()).toMatch(/warning: Telemetry waits: .* does not answer/)
})

test('an address that is none is refused in a sentence, before anything runs', async () => {
  const run = start('collector:4318', { HURRY: '1' }, 'run', 'tasks.ts')
  expect(await run.code).toBe(2)
  expect(run.text()).toMatch(/bad_telemetry: "collector:4318\/v1\/traces" is no address of an OTLP receiver/)
})
