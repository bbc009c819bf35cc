import { expect, test } from 'vitest'
import { Gather } from './index.ts'

/** Answers each key with itself in capitals, and keeps what it was asked. */
function capitals() {
  const asked: (readonly string[])[] = []
  const gather = new Gather((keys) => {
    asked.push(keys)
    if (keys.includes('bad')) return Promise.reject(new Error('no answer'))
    return Promise.resolve((key: string) => key.toUpperCase())
  })
  return { gather, asked }
}

test('what is asked in one turn is asked together, each key once, and each gets its own answer', async () => {
  const { gather, asked } = capitals()
  const answers = await Promise.all(['a', 'b', 'a'].map((key) => gather.find(key)))
  expect([answers, asked]).toEqual([['A', 'B', 'A'], [['a', 'b']]])
})

test('what is asked later is asked anew: an answer is never older than its question', async () => {
  const { gather, asked } = capitals()
  await gather.find('a')
  await gather.find('a')
  expect(asked).toEqual([['a'], ['a']])
})

test('a failure is of those that were asked together, and of no later one', async () => {
  const { gather } = capitals()
  const results = await Promise.allSettled(['a', 'bad'].map((key) => gather.find(key)))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await gather.find('a')).toBe('A')
})

test('very many are asked in several questions', async () => {
  const { gather, asked } = capitals()
  const keys = Array.from({ length: 600 }, (_, n) => `k${n}`)
  expect(await Promise.all(keys.map((key) => gather.find(key)))).toEqual(keys.map((k) => k.toUpperCase()))
  expect(asked.map(({ length }) => length)).toEqual([256, 256, 88])
})
