/** Every recorded payload is the mode it has to be, and what happens today is what was recorded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { classify, classifyAnswer, type Failure } from '../../src/recovery/index.ts'
import { modelServer, type ModelServer } from '../../src/testing/model-server/index.ts'
import { cases, titleOf, type Case } from './cases.ts'
import { happen, type Came } from './drive.ts'
import { back, kept } from './kept.ts'
import recorded from './recorded.json' with { type: 'json' }

function failureOf(came: Came, { wants, through }: Case): Failure | undefined {
  const kind = through === 'sdk' && wants === 'object' ? 'output' : 'model'
  if ('error' in came) return classify(came.error, { kind })
  return classifyAnswer(came.answer, wants === 'tool' ? { tools: ['search'] } : {})
}

function expected({ mode, isTransient, retryAfterMs }: Case) {
  return { mode, isTransient, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

test('there are at least 80 of them, each case of the table among them', () => {
  expect(Object.keys(recorded)).toEqual(cases.map(titleOf))
  expect(cases.length).toBeGreaterThanOrEqual(80)
})

describe('recorded', () => {
  test.each(cases.map((one) => [titleOf(one), one] as const))('%s', (title, one) => {
    // Every title is one of the file's: the test above says so.
    const failure = failureOf(back(recorded[title as keyof typeof recorded]), one)
    expect(failure).toMatchObject(expected(one))
    expect(failure?.evidence.message.length).toBeGreaterThan(3)
    expect(failure?.evidence.message.length).toBeLessThanOrEqual(600)
  })
})

describe('happening now', () => {
  let server: ModelServer
  beforeAll(async () => {
    server = await modelServer()
  })
  afterAll(() => server.close())

  test.each(cases.map((one) => [titleOf(one), one] as const))('%s', async (title, one) => {
    const came = await happen(one, server)
    server.clear()
    expect(failureOf(came, one)).toMatchObject(expected(one))
    expect(outline(kept(came))).toEqual(outline(recorded[title as keyof typeof recorded]))
  })
})

/** What of a recording has to be the same again: a reset may be seen in one of several ways. */
function outline(json: unknown) {
  const { error, answer } = json as { error?: Record<string, any>; answer?: Record<string, any> }
  if (error) return { name: error.$error?.name, status: error.statusCode, isRetryable: error.isRetryable }
  return { finishReason: answer?.finishReason, text: answer?.text }
}
