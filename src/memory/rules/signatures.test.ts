/** The table of functions against the library that runs them: what it says is taken is, and gives what it says. */
import { expect, test } from 'vitest'
import { compileRule, evaluate } from './index.ts'
import { signatures } from './signatures.ts'

const SAMPLES: Readonly<Record<string, string>> = {
  bool: 'true',
  int: '7',
  uint: '7u',
  double: '7.5',
  string: "'7'",
  bytes: "b'7'",
  time: "timestamp('2026-01-01T00:00:00Z')",
  duration: "duration('7s')",
  list: '[7]',
  map: "{'a': 7}",
  any: '7',
}
const TYPES: Readonly<Record<string, string>> = {
  bool: 'bool',
  int: 'int',
  uint: 'uint',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
  list: 'list',
  time: "type(timestamp('2026-01-01T00:00:00Z'))",
  duration: "type(duration('7s'))",
  type: 'type',
  any: 'int',
}

test.each(signatures())('$name takes $takes and gives $gives', ({ name, takes, gives }) => {
  const [first = '', second = ''] = takes.map((kind) => {
    if (name === 'bool' && kind === 'string') return "'true'"
    return name === 'duration' && kind === 'string'
      ? "'7s'"
      : name === 'timestamp' && kind === 'string'
        ? "'2026-01-01T00:00:00Z'"
        : (SAMPLES[kind] ?? '')
  })
  const sign = /^_(\W+)_$/.exec(name)?.[1]
  const call =
    sign !== undefined
      ? `(${first} ${sign} ${second})`
      : name === '-_'
        ? `(-${first.replace(/^/, '(')}))`
        : name.startsWith('.')
          ? `(${first})${name}(${second})`
          : `${name}(${first})`
  const verdict = evaluate(
    compileRule({ target: 'x', require: `type(${call}) == ${TYPES[gives] ?? ''}` }),
    {},
  )
  expect(verdict, call).toEqual({ outcome: 'holds' })
})
