import fc from 'fast-check'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ThroughlineError } from '../../errors.ts'
import {
  classify,
  classifyAnswer,
  isFailureMode,
  type About,
  type Classifier,
  type Failure,
} from '../index.ts'

const modeOf = (error: unknown, about?: About) => {
  const { mode, isTransient } = classify(error, about)
  return isTransient ? `${mode}, may pass` : mode
}
const tool = { kind: 'tool' } as const
const thrown = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

describe('of Node, as it really throws', () => {
  test('nobody listens, a host that is none, an address that is none', async () => {
    const refused = await thrown(() => fetch('http://127.0.0.1:65535'))
    expect(modeOf(refused, { kind: 'model' })).toBe('provider_outage, may pass')
    expect(classify(refused).evidence).toMatchObject({ code: 'ECONNREFUSED' })
    expect(modeOf(refused, tool)).toBe('tool_failure, may pass')
    expect(modeOf(refused, { ...tool, effect: 'irreversible' })).toBe('tool_failure, may pass')
    expect(modeOf(await thrown(() => fetch('nowhere')))).toBe('configuration')
  })

  test('a connection that is torn after the request was sent: of what acts on the world, nobody knows', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    await once(server.listen(0), 'listening')
    const { port } = server.address() as { port: number }
    const torn = await thrown(() => fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'pay' }))
    server.close()
    expect(modeOf(torn, { ...tool, effect: 'irreversible' })).toBe('unknown_side_effect')
    expect(modeOf(torn, { ...tool, effect: 'read' })).toBe('tool_failure, may pass')
    expect(modeOf(torn)).toBe('provider_outage, may pass')
  })

  test('time-outs and cancellations', async () => {
    const late = await thrown(
      () =>
        AbortSignal.timeout(1).throwIfAborted() ??
        new Promise((_, reject) => {
          const signal = AbortSignal.timeout(1)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    )
    expect(modeOf(late, { kind: 'model' })).toBe('provider_outage, may pass')
    expect(modeOf(late, tool)).toBe('tool_failure, may pass')
    expect(modeOf(late, { ...tool, effect: 'reversible' })).toBe('unknown_side_effect')
    expect(modeOf(AbortSignal.abort().reason, tool)).toBe('unclassified')
  })

  test('of many hosts that were tried, the first says why', () => {
    const tried = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
    expect(modeOf(new AggregateError([tried, tried]))).toBe('provider_outage, may pass')
  })

  test.each([
    ['EMFILE', 'tool_failure, may pass'],
    ['ENOENT', 'tool_failure'],
    ['EACCES', 'tool_failure'],
    ['CERT_HAS_EXPIRED', 'configuration'],
  ])('a tool that fails with %s: %s', (code, mode) => {
    expect(modeOf(Object.assign(new Error(code), { code }), tool)).toBe(mode)
  })
})

test.each([
  [401, 'configuration'],
  [404, 'wrong_tool'],
  [409, 'stale_data'],
  [422, 'wrong_tool'],
  [429, 'tool_failure, may pass'],
  [503, 'tool_failure, may pass'],
])('a tool that was answered %i: %s', (status, mode) => {
  expect(modeOf(Object.assign(new Error('no'), { status }), tool)).toBe(mode)
  expect(modeOf(Object.assign(new Error('no'), { response: { status } }), tool)).toBe(mode)
})

test('what a tool throws may pass, but for mistakes in its code; of anything else nobody knows', () => {
  expect(modeOf(new Error('the ERP is away'), tool)).toBe('tool_failure, may pass')
  expect(modeOf(new TypeError('x is not a function'), tool)).toBe('tool_failure')
  expect(modeOf(new Error('what'))).toBe('unclassified')
  expect(modeOf(new Error('what'), { kind: 'model' })).toBe('unclassified')
  // Its words are its own: it may be about windows and quotas.
  expect(modeOf(new Error('the context window of the house is too long'), tool)).toBe(
    'tool_failure, may pass',
  )
})

describe('of schemas', () => {
  const error = z
    .object({ total: z.number(), lines: z.array(z.object({ id: z.string() })) })
    .safeParse({ lines: [{}] }).error
  test('Zod: what does not fit, place by place', () => {
    expect(classify(error, { kind: 'output' })).toEqual({
      mode: 'malformed_output',
      isTransient: false,
      evidence: {
        name: 'ZodError',
        message:
          'total: Invalid input: expected number, received undefined; lines.0.id: Invalid input: expected string, received undefined',
      },
    })
    expect(modeOf(error, tool)).toBe('wrong_tool')
    expect(modeOf(new Error('wrapped', { cause: error }), { kind: 'output' })).toBe('malformed_output')
  })
  test('Standard Schema: issues are enough, with paths of keys', () => {
    const failed = Object.assign(new Error('no'), {
      issues: [{ message: 'too few', path: [{ key: 'lines' }, 0] }],
    })
    expect(classify(failed).evidence.message).toBe('lines.0: too few')
    expect(modeOf(failed)).toBe('malformed_output')
  })
})

describe('of ours', () => {
  const ours = (code: string, data = {}, retryable = false) =>
    new ThroughlineError(code, { message: code, data, retryable })
  test.each([
    ['decision_conflict', 'decision_conflict'],
    ['invalid_output', 'malformed_output'],
    ['item_changed', 'stale_data'],
    ['wait_timed_out', 'missing_information'],
    ['question_expired', 'missing_information'],
    ['approval_mismatch', 'approval_expired'],
    ['bad_item', 'configuration'],
    ['replay_diverged', 'unclassified'],
  ])('%s: %s', (code, mode) => {
    expect(modeOf(ours(code))).toBe(mode)
  })
  test('a run within carries its mode out', () => {
    expect(modeOf(ours('child_failed', { mode: 'refusal' }))).toBe('refusal')
    expect(modeOf(ours('child_failed', { mode: 'item_changed' }))).toBe('stale_data')
    expect(modeOf(ours('run_failed', { mode: 'toString' }))).toBe('unclassified')
  })
  test('what broke an invariant of the record is no weather, in a tool either', () => {
    expect(modeOf(ours('replay_diverged'), tool)).toBe('unclassified')
    expect(modeOf(ours('store_busy', {}, true), tool)).toBe('saturation, may pass')
  })
})

describe('what other clients throw', () => {
  test.each<[string, object, string]>([
    [
      "OpenAI's own",
      { status: 400, code: 'context_length_exceeded', error: { message: 'too long' } },
      'context_overflow',
    ],
    [
      'too large for the limit',
      {
        status: 429,
        message: 'Request too large for gpt-5.2 on tokens per min (TPM): Limit 30000, Requested 41000.',
      },
      'context_overflow',
    ],
    [
      "Google's rate limit",
      {
        statusCode: 429,
        responseBody: '{"error":{"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota"}}',
      },
      'saturation, may pass',
    ],
    [
      'a gateway',
      { name: 'GatewayInternalServerError', statusCode: 500, message: 'x' },
      'provider_outage, may pass',
    ],
    [
      'too many tokens to be written',
      {
        statusCode: 400,
        message: 'max_tokens: 500000 > 64000, which is the maximum allowed number of output tokens',
      },
      'configuration',
    ],
    [
      'a payload in a stream',
      { error: { type: 'overloaded_error', message: 'Overloaded' } },
      'provider_outage, may pass',
    ],
    [
      'a code that is a status',
      { code: 502, message: 'Network connection lost.' },
      'provider_outage, may pass',
    ],
    ['DeepSeek out of money', { statusCode: 402, message: 'Insufficient Balance' }, 'provider_outage'],
    ['moderation', { statusCode: 403, message: 'Your input was flagged by moderation' }, 'refusal'],
  ])('%s', (_, fields, mode) => {
    expect(modeOf(Object.assign(new Error('failed'), fields), { kind: 'model' })).toBe(mode)
    expect(modeOf(fields, { kind: 'model' })).toBe(mode)
  })
})

describe('when to come again', () => {
  const now = Date.UTC(2026, 0, 15, 12)
  const after = (fields: object) =>
    classify(Object.assign(new Error('slow down'), { statusCode: 429 }, fields), { now }).retryAfterMs
  test.each<[object, number | undefined]>([
    [{ responseHeaders: { 'retry-after': '7' } }, 7000],
    [{ responseHeaders: { 'Retry-After': 'Thu, 15 Jan 2026 12:00:30 GMT' } }, 30_000],
    [{ responseHeaders: { 'retry-after': 'Thu, 15 Jan 2026 11:00:00 GMT' } }, 0],
    [{ responseHeaders: { 'retry-after-ms': '250', 'retry-after': '7' } }, 250],
    [{ headers: new Headers({ 'retry-after': '2' }) }, 2000],
    [{ responseBody: '{"details":[{"retryDelay": "28s"}]}' }, 28_000],
    [{ responseBody: 'Please try again in 6m0s.' }, 360_000],
    [{ responseBody: 'Please try again in 350ms.' }, 350],
    [{ responseHeaders: { 'retry-after': '99999999999' } }, 86_400_000],
    [{ responseHeaders: { 'retry-after': '-5' } }, undefined],
    [{ responseHeaders: { 'retry-after': 'soon' } }, undefined],
    [{}, undefined],
  ])('%o: %s', (fields, ms) => {
    expect(after(fields)).toBe(ms)
  })
})

describe('refusals in plain words', () => {
  const said = (text: string) =>
    classifyAnswer({
      content: [{ type: 'text', text }],
      text,
      finishReason: { unified: 'stop', raw: 'stop' },
    })?.mode
  test.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, I can’t assist with that request.',
    'I cannot comply with this request.',
    "Sorry, I'm unable to help with creating that.",
    'I must decline.',
    'As an AI language model, I cannot give medical advice.',
  ])('%s', (text) => {
    expect(said(text)).toBe('refusal')
  })
  test.each([
    "I'm sorry for the delay; the invoice is paid.",
    'I cannot find the invoice number in this document.',
    'I can help with that.',
    'The vendor wrote: "I\'m sorry, but I can\'t help with that."',
    'Sorry, the total does not match the lines.',
    `I can't help with that yet, so here is what I found instead. ${'It is long. '.repeat(60)}`,
  ])('no refusal: %s', (text) => {
    expect(said(text)).toBeUndefined()
  })
})

describe('authors', () => {
  const poisoned = Object.assign(new Error('E4711: the books are closed'), { code: 'E4711' })
  const books: Classifier = ({ error }) => (error === poisoned ? 'conflicting_instructions' : undefined)
  const broken: Classifier = () => {
    throw new RangeError('broken')
  }
  const answer = { content: [{ type: 'text', text: 'ok' }], text: 'ok', finishReason: { unified: 'stop' } }

  test('are asked first, in their order', () => {
    const later: Classifier = () => 'refusal'
    expect(classify(poisoned, { authors: [books, later] })).toMatchObject({
      mode: 'conflicting_instructions',
      isTransient: false,
    })
    expect(
      classify(poisoned, { authors: [() => ({ mode: 'saturation', retryAfterMs: 50 }), books] }),
    ).toMatchObject({
      mode: 'saturation',
      isTransient: true,
      retryAfterMs: 50,
    })
    expect(classify(new Error('other'), { ...tool, authors: [books] }).mode).toBe('tool_failure')
    expect(
      classifyAnswer(answer, {
        authors: [({ answer }) => (answer?.text === 'ok' ? 'premature_end' : undefined)],
      })?.mode,
    ).toBe('premature_end')
  })

  test('one that fails says nothing, which is noted; nothing passes for that', () => {
    const nonsense = (() => 'no mode') as unknown as Classifier
    const late = (async () => {
      throw new Error('late')
    }) as unknown as Classifier
    expect(classify(poisoned, { authors: [broken, books] })).toMatchObject({
      mode: 'conflicting_instructions',
      evidence: { classifiers: ['broken: threw RangeError'] },
    })
    expect(classifyAnswer(answer, { authors: [books] })).toBeUndefined()
    for (const bad of [broken, nonsense, late, null as unknown as Classifier])
      expect(classifyAnswer(answer, { authors: [bad] })).toMatchObject({
        mode: 'unclassified',
        evidence: { classifiers: [expect.any(String)] },
      })
  })
})

test('keys in what a provider says are not in the evidence', () => {
  const key = `sk-proj-${'a1B2'.repeat(12)}`
  const { evidence } = classify(
    Object.assign(new Error(`Incorrect API key provided: ${key}.`), {
      statusCode: 401,
      responseHeaders: { 'set-cookie': 'session=1' },
      requestBodyValues: { messages: 'of the user' },
    }),
  )
  expect(JSON.stringify(evidence)).not.toMatch(/a1B2|session|of the user/)
  expect(evidence.message).toBe('Incorrect API key provided: [secret: openai].')
})

test('whatever was thrown or answered gets a mode, and short evidence', () => {
  const circle = new Error('circle')
  circle.cause = circle
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error('trap')
      },
    },
  )
  const odd = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true }),
    fc.constantFrom(
      circle,
      trap,
      Object.assign(new Error(), { name: trap, message: 3, code: {}, cause: trap, issues: [trap] }),
    ),
    fc.record({
      name: fc.anything(),
      message: fc.anything(),
      statusCode: fc.anything(),
      data: fc.anything(),
      cause: fc.anything(),
      issues: fc.anything(),
      errors: fc.anything(),
      responseBody: fc.anything(),
      responseHeaders: fc.anything(),
    }),
  )
  const kinds = fc.constantFrom<About['kind']>('model', 'tool', 'output', undefined)
  const isWell = ({ mode, evidence }: Failure) => {
    expect(isFailureMode(mode)).toBe(true)
    expect(JSON.stringify(evidence).length).toBeLessThan(4000)
  }
  fc.assert(
    fc.property(odd, kinds, (error, kind) => {
      isWell(classify(error, kind ? { kind } : {}))
      const answer = {
        content: error,
        text: typeof error === 'string' ? error : 'ok',
        finishReason: { unified: 'stop', raw: 'stop' },
      }
      const failure = classifyAnswer(answer)
      if (failure) isWell(failure)
    }),
    { numRuns: 1000 },
  )
})

test('a large body is looked through quickly', () => {
  const error = Object.assign(new Error('x '.repeat(500_000)), {
    statusCode: 400,
    responseBody: `{${'"a":1,'.repeat(200_000)}`,
  })
  const started = performance.now()
  classify(error, { kind: 'model' })
  expect(performance.now() - started).toBeLessThan(1000)
})
