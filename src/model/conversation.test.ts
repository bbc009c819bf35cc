import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallIds, unmarked } from './call-ids.ts'
import { Requests } from './conversation.ts'
import type { LanguageModelV4Message } from './sdk.ts'
import { Texts } from './texts.ts'

const requests = () => new Requests(new Texts('secret'))
const user = (text: string): LanguageModelV4Message => ({ role: 'user', content: [{ type: 'text', text }] })
const assistant = (text: string): LanguageModelV4Message => ({
  role: 'assistant',
  content: [{ type: 'text', text }],
})
const system = (content: string): LanguageModelV4Message => ({ role: 'system', content })

const message = fc.oneof(fc.string({ maxLength: 4 }).map(user), fc.string({ maxLength: 4 }).map(assistant))

test('a conversation has one digest, however it was come by', () => {
  const conversations = fc.array(fc.array(message, { maxLength: 8 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(conversations, (given) => {
      const kept = requests()
      for (const prompt of given) {
        const now = kept.of('m', { prompt })
        const anew = requests().of('m', { prompt: structuredClone(prompt) })
        expect(now.said.map(({ digest }) => digest)).toEqual(anew.said.map(({ digest }) => digest))
        expect(now.settings.digest).toBe(anew.settings.digest)
      }
    }),
  )
})

test('other conversations have other digests', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(message, { maxLength: 6 }), (a, b) => {
      const of = (prompt: LanguageModelV4Message[]) => requests().of('m', { prompt }).conversation
      expect(of(a) === of(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('what a system message says is a setting', () => {
  const kept = requests()
  const first = kept.of('m', { prompt: [system('Be brief.'), user('a')] })
  const other = kept.of('m', { prompt: [system('Be kind.'), user('a')] })
  expect(other.conversation).toBe(first.conversation)
  expect(other.settings.digest).not.toBe(first.settings.digest)
})

test('signals, headers and the order of tools say nothing; the order of all else does', () => {
  const kept = requests()
  const tool = (name: string) => ({
    type: 'function' as const,
    name,
    inputSchema: { type: 'object' as const },
  })
  const prompt = [user('a')]
  const first = kept.of('m', { prompt, tools: [tool('b'), tool('a')], headers: { a: 'b' } })
  const same = kept.of('m', {
    prompt,
    tools: [tool('a'), tool('b')],
    abortSignal: new AbortController().signal,
  })
  expect(same.settings.digest).toBe(first.settings.digest)
  const stops = kept.of('m', { prompt, stopSequences: ['x', 'y'] })
  expect(kept.of('m', { prompt, stopSequences: ['y', 'x'] }).settings.digest).not.toBe(stops.settings.digest)
})

test('calls of one id are told apart, live and replayed the same; the provider sees its own', () => {
  const streamed = new CallIds('operation')
  const begun = [streamed.begins('call_0'), streamed.begins('call_0')]
  expect(new Set(begun).size).toBe(2)
  const replayed = new CallIds('operation')
  expect([replayed.called('call_0'), replayed.called('call_0')]).toEqual(begun)
  expect(new CallIds('another').called('call_0')).not.toBe(begun[0])
  expect(begun.map(unmarked)).toEqual(['call_0', 'call_0'])
})
