import { generateText } from 'ai'
import { expect, test } from 'vitest'
import { modelFromEnvironment, modelServer } from './index.ts'

test('without a key, a server of this machine answers', async () => {
  const { model, from, close } = await modelFromEnvironment({})
  expect(from).toMatch(/^dev at 127\.0\.0\.1:\d+$/)
  expect((await generateText({ model, prompt: 'a' })).text).toBe('You said: a')
  await close()
})

test('without a key, a program may say what is answered', async () => {
  const { model, close } = await modelFromEnvironment({}, { script: ({ prompt }) => prompt.toUpperCase() })
  expect((await generateText({ model, prompt: 'a' })).text).toBe('A')
  await close()
})

test('a server that runs already is used, by its address', async () => {
  const server = await modelServer()
  const { model, close } = await modelFromEnvironment({
    THROUGHLINE_MODEL_URL: server.url,
    THROUGHLINE_MODEL: 'mine',
  })
  await generateText({ model, prompt: 'a' })
  await close()
  expect(server.requests.map(({ model }) => model)).toEqual(['mine'])
  await server.close()
})

test.each([
  [{ ANTHROPIC_API_KEY: 'k' }, 'claude-sonnet-4-5 at api.anthropic.com'],
  [{ OPENAI_API_KEY: 'k', THROUGHLINE_MODEL: 'gpt-5.2-mini' }, 'gpt-5.2-mini at api.openai.com'],
  [{ OLLAMA_HOST: '0.0.0.0' }, 'llama3.2 at 127.0.0.1:11434'],
  [{ OLLAMA_HOST: 'http://gpu:8080', OPENAI_API_KEY: ' ' }, 'llama3.2 at gpu:8080'],
])('%o: %s', async (environment, from) => {
  expect((await modelFromEnvironment(environment)).from).toBe(from)
})
