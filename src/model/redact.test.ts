import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../log/index.ts'
import { redactor } from './redact.ts'

const letters = (alphabet: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split('')), minLength: length, maxLength: length })
const WORD = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const CAPS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Keys as providers make them. */
const keys: Readonly<Record<string, fc.Arbitrary<string>>> = {
  openai: letters(WORD, 44).map((rest) => `sk-proj-7${rest}`),
  anthropic: letters(WORD, 80).map((rest) => `sk-ant-api03-${rest}`),
  aws: letters(CAPS, 16).map((rest) => `AKIA${rest}`),
  github: letters(WORD, 36).map((rest) => `ghp_${rest}`),
  'github, fine-grained': letters(WORD, 59).map((rest) => `github_pat_11AAAAAAA0${rest}`),
  slack: letters(WORD, 24).map((rest) => `xoxb-1234567890-${rest}`),
  google: letters(WORD, 35).map((rest) => `AIza${rest}`),
  'a JWT': fc
    .tuple(fc.nat(), letters(WORD, 43))
    .map(
      ([sub, sign]) =>
        `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64({ sub: String(sub), admin: true })}.${sign}`,
    ),
  'a private key': letters(`${WORD}+/\n`, 1600).map(
    (rest) =>
      `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${rest}\n-----END RSA PRIVATE KEY-----`,
  ),
  'a private key without its end': letters(WORD, 400).map(
    (rest) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${rest}`,
  ),
}

const FROM_ENV = 'correct horse battery staple'
const environment = {
  ERP_PASSWORD: FROM_ENV,
  AZURE_API_KEY: 'f00dfacef00dfacef00dface',
  HOME: '/home/of-somebody',
  SHORT_KEY: 'abc',
  EMPTY_TOKEN: undefined,
}
const redact = redactor({ environment, values: ['hunter2hunter2'] })
const prose = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'z',
    ' ',
    '.',
    ',',
    ':',
    ';',
    '-',
    '_',
    '/',
    '=',
    '&',
    '?',
    '@',
    '"',
    '\n',
    'é',
    '日',
  ),
  maxLength: 60,
})

test.each(Object.entries(keys))('%s: wherever it stands', (_, key) => {
  fc.assert(
    fc.property(key, prose, prose, (secret, before, after) => {
      const text = `${before} ${secret} ${after}`
      const value = {
        deep: [{ text }],
        map: new Map([['k', new Set([text])]]),
        error: new Error(text, { cause: { text } }),
        [secret]: 1,
      }
      const left = redact(value)
      const { error } = left
      const written = [encode(left), error.stack, JSON.stringify(error.cause)].join('\n')
      for (const piece of secret.split('\n').filter((line) => line.length > 30))
        expect(written).not.toContain(piece.slice(-24))
      expect(left.deep[0]?.text).toContain('[secret: ')
      expect(left.deep[0]?.text.startsWith(before)).toBe(true)
      expect(value.deep[0]?.text).toBe(text)
      expect(redact(left)).toBe(left)
    }),
  )
})

describe('what comes from the environment', () => {
  test('is known in every spelling, by its name', () => {
    const quoted = 'line one\n"line two"'
    const own = redactor({ environment: { DB_SECRET: quoted, DB_URL_PASSWORD: 'p@ss w/rd!p@ss' } })
    expect(redact(`with ${FROM_ENV}!`)).toBe('with [secret: ERP_PASSWORD]!')
    expect(redact('hunter2hunter2')).toBe('[secret: given]')
    expect(own(JSON.stringify({ it: quoted }))).toBe('{"it":"[secret: DB_SECRET]"}')
    expect(own(`https://x/?p=${encodeURIComponent('p@ss w/rd!p@ss')}`)).toBe(
      'https://x/?p=[secret: DB_URL_PASSWORD]',
    )
  })
  test('names that end otherwise, and values that are too short to be known again, are left', () => {
    expect(redact('/home/of-somebody abc')).toBe('/home/of-somebody abc')
  })
  test('a value within another does not give the longer one away', () => {
    const own = redactor({ environment: { A_KEY: 'abcdefghijkl', B_KEY: 'abcdefghijklmnopqrst' } })
    expect(own('abcdefghijklmnopqrst')).toBe('[secret: B_KEY]')
  })
})

test('headers that carry secrets, and fields that only have their names', () => {
  expect(redact({ Authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': 'short', Cookie: 'sid=1' })).toEqual({
    Authorization: '[secret: authorization]',
    'x-api-key': '[secret: x-api-key]',
    Cookie: '[secret: cookie]',
  })
  const data = { authorization: 'by the lead', cookie: 'with chocolate', list: ['x-api-key'] }
  expect(redact(data)).toBe(data)
})

const abc = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9jK2mN5pQ8sT1'
test.each([
  ['stripe', `sk_live_${abc.slice(0, 24)}`, '[secret: stripe]'],
  ['npm', `npm_${abc.slice(0, 36)}`, '[secret: npm]'],
  ['hugging face', `hf_${abc.slice(0, 34)}`, '[secret: hugging face]'],
  ['groq', `gsk_${abc}`, '[secret: groq]'],
  ['gitlab', `glpat-${abc.slice(0, 20)}`, '[secret: gitlab]'],
  ['slack', `https://hooks.slack.com/services/T000/B000/${abc.slice(0, 24)}`, 'https://[secret: slack]'],
  ['google', `ya29.${abc}`, '[secret: google]'],
  ['bearer', `Authorization: Bearer ${abc.slice(0, 20)}==`, 'Authorization: Bearer [secret: bearer]'],
  ['password', 'postgres://app:hunter2!@db/app', 'postgres://app:[secret: password]@db/app'],
])('%s, in a short text and a long one', (_, text, left) => {
  expect(redact(text)).toBe(left)
  const long = 'the same, in a text that is long. '.repeat(100)
  expect(redact(`${long}${text}`)).toBe(`${long}${left}`)
})

test('what looks a little like a secret is left as it is', () => {
  for (const text of [
    'task-force-of-the-department-for-everything',
    'sk-SK, sk-estimated-delivery-of-goods-and-services',
    'Bearer authentication-is-described-elsewhere',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'https://example.com:8080/path@version',
    'eyJ is how a JSON object begins in base64',
    '0d9b4c9e-5d1a-4f4e-8f2b-6a3c1e7d9b10',
  ])
    expect(redact(text)).toBe(text)
})

test('what has no secret in it is given back: the same object, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withBigInt: true,
        withNullPrototype: true,
      }),
      (value) => {
        expect(redact(value)).toBe(value)
      },
    ),
  )
  const circle: Record<string, unknown> = { text: 'x' }
  circle.self = circle
  expect(redact(circle)).toBe(circle)
})

test('only what holds a secret is copied', () => {
  const untouched = { a: 1 }
  const value = { untouched, touched: { text: FROM_ENV } }
  const left = redact(value)
  expect(left).not.toBe(value)
  expect(left.untouched).toBe(untouched)
  expect(decode(encode(left))).toEqual({ untouched, touched: { text: '[secret: ERP_PASSWORD]' } })
})

test('a circle leads back to nothing that was there before', () => {
  const error = new TypeError(FROM_ENV)
  error.cause = error
  const left = redact({ error }).error
  expect(left).toBeInstanceOf(TypeError)
  expect([left.message, left.cause]).toEqual(['[secret: ERP_PASSWORD]', '[circular]'])
})

test('a field named __proto__ is a field', () => {
  const value: unknown = JSON.parse(`{"__proto__":{"text":"${FROM_ENV}"}}`)
  expect(JSON.stringify(redact(value))).toBe('{"__proto__":{"text":"[secret: ERP_PASSWORD]"}}')
})

test.each([
  ['-----BEGIN PRIVATE KEY-----'],
  ['eyJaaaaaaaa-'],
  ['eyJaaaaaaaa.'],
  ['sk-aaaa-'],
  ['://a:'],
  ['Bearer aaaa '],
  ['xoxb-'],
])('a text that is made to be slow is not: %s', (piece) => {
  const text = piece.repeat(Math.ceil(400_000 / piece.length))
  const started = performance.now()
  redact(text)
  // A quadratic pattern takes minutes here.
  expect(performance.now() - started).toBeLessThan(5000)
})
