import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Loops } from './loops.ts'

const json = fc.jsonValue({ maxDepth: 3 })

test('the third same call in the same state is a repetition, and so is every one after it', () => {
  fc.assert(
    fc.property(fc.string(), json, json, (tool, args, state) => {
      const loops = new Loops()
      const seen = [1, 2, 3, 4].map(() => loops.seen(tool, args, structuredClone(state))?.mode)
      expect(seen).toEqual([undefined, undefined, 'repetition', 'repetition'])
    }),
  )
})

test('arguments are the same whatever the order of their keys', () => {
  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, one]) => [key, shuffled(one)]),
          )
        : value
  fc.assert(
    fc.property(
      json.filter((value) => JSON.stringify(value) !== '{"__proto__":null}'),
      (args) => {
        const loops = new Loops()
        loops.seen('read', args, 1)
        loops.seen('read', shuffled(args), 1)
        expect(loops.seen('read', args, 1)?.mode).toBe('repetition')
      },
    ),
  )
})

test('a call in ever new states is none, however often', () => {
  const loops = new Loops()
  for (let n = 0; n < 500; n++) expect(loops.seen('poll', { id: 7 }, n)).toBeUndefined()
})

test('distinct calls are none, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(json, { maxLength: 60, selector: (value) => JSON.stringify(value) }),
      (all) => {
        const loops = new Loops()
        expect(all.map((args) => loops.seen('read', [args]))).toEqual(all.map(() => undefined))
      },
    ),
  )
})

test('two calls that take turns are one after two rounds, with a third between after more', () => {
  const loops = new Loops()
  expect(loops.seen('read', 1)).toBeUndefined()
  expect(loops.seen('write', 1)).toBeUndefined()
  expect(loops.seen('read', 1)).toBeUndefined()
  expect(loops.seen('write', 1)?.evidence).toMatchObject({ tool: 'write', message: /took turns 2 times/ })
  const three = new Loops()
  const turns = ['a', 'b', 'c', 'a', 'b', 'c', 'a'].map((tool) => three.seen(tool, {})?.mode)
  expect(turns).toEqual([...Array.from({ length: 6 }, () => undefined), 'repetition'])
})

test('two calls whose states go on are no loop', () => {
  const loops = new Loops()
  for (let page = 0; page < 20; page++) {
    expect(loops.seen('next_page', {}, page)).toBeUndefined()
    expect(loops.seen('save', {}, page)).toBeUndefined()
  }
})

test('the same answer three times in a row is one, spaces aside; another between begins anew', () => {
  const loops = new Loops()
  expect(loops.answered('I will  look.')).toBeUndefined()
  expect(loops.answered('I will look. ')).toBeUndefined()
  expect(loops.answered('Done.')).toBeUndefined()
  expect(loops.answered('I will look.')).toBeUndefined()
  expect(loops.answered('I will\nlook.')).toBeUndefined()
  expect(loops.answered('I will look.')?.mode).toBe('repetition')
})

test('what no record could hold can be seen all the same', () => {
  const self: Record<string, unknown> = { f: () => 1, s: Symbol('s'), n: Number.NaN, d: new Date(0), b: 1n }
  self['self'] = self
  const loops = new Loops()
  loops.seen('odd', self)
  loops.seen('odd', self)
  expect(loops.seen('odd', self)?.mode).toBe('repetition')
})
