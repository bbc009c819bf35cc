/** `throughline dev-model` as it is used: a process, a client, a signal. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { generateText } from 'ai'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const bin = fileURLToPath(new URL('bin.ts', import.meta.url))
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--conditions=throughline-source', bin, 'dev-model', ...args], {
    env: { ...process.env, NO_COLOR: '1' },
  })
  children.add(child)
  let err = ''
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  return {
    child,
    err: () => err,
    first: new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    over: new Promise<number | null>((resolve) => child.once('close', resolve)),
  }
}

test('it answers without a key, fails on demand, and ends with 0', async () => {
  const { child, first, over, err } = start('--port', '0', '--json')
  const { anthropic, faults, url } = JSON.parse(await first)
  const model = createAnthropic({ baseURL: anthropic, apiKey: 'any' })('claude-sonnet-4-5')
  expect((await generateText({ model, prompt: 'Good morning' })).text).toBe('You said: Good morning')
  await fetch(faults, { method: 'POST', body: '{"fault":"context_length"}' })
  await expect(generateText({ model, prompt: 'a', maxRetries: 0 })).rejects.toThrow('prompt is too long')

  const second = start('--port', new URL(url).port)
  expect([await second.over, second.err()]).toEqual([2, expect.stringContaining('EADDRINUSE')])

  child.kill('SIGTERM')
  expect([await over, err()]).toEqual([0, expect.stringContaining('Stopped after 2 requests.')])
})

test('it says how to be used, and what port is none', async () => {
  const { child, first, over } = start('--port', '0')
  expect(await first).toMatch(/^openai +http:\/\/127\.0\.0\.1:\d+\/v1 /)
  child.kill('SIGINT')
  expect(await over).toBe(0)
  const bad = start('--port', 'many')
  expect([await bad.over, bad.err()]).toEqual([2, expect.stringContaining('--port must be a whole number')])
})
