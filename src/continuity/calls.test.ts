/** What a brief is told of models, tools, people and limits, by events in the shapes that those record. */
import { expect, test } from 'vitest'
import { encode, type StoredEvent } from '../log/index.ts'
import { RunRecord } from './record.ts'

let seq = 0
function event(kind: string, name: string | undefined, body: object): StoredEvent {
  seq++
  // Of a stored event, a fold reads these fields only.
  return {
    stream: 'run_1',
    seq,
    at: seq,
    kind,
    version: 1,
    name,
    ordinal: name === undefined ? undefined : 1,
    body: encode(body),
  } as StoredEvent
}

function folded(...events: readonly StoredEvent[]): RunRecord {
  const record = new RunRecord()
  for (const one of events) record.add(one)
  return record
}

const called = (name: string, args: unknown, more: object = {}) =>
  event('tool.called', `${name} call_0`, { tool: name, call: 'call_0', args, n: 1, ...more })
const said = (record: RunRecord) =>
  record.done.map(({ label, isOnce, result }) => [label, result(), isOnce ?? false])

test('a tool that returned is told with its arguments and what it gave, wherever the record keeps their texts', () => {
  const json = JSON.stringify({ q: 'vendors of storage', pages: [1, 2, 3] })
  const record = folded(
    event('model.answered', 'gpt c.s', {
      model: 'gpt-5.2',
      usage: { input: 100, output: 10 },
      texts: { D1: json },
    }),
    called('search', { '~j': 'D1' }),
    event('tool.returned', 'search call_0', { v: { '~': 'D2' }, texts: { D2: 'x'.repeat(100_000) }, n: 1 }),
    called('count', { of: 'vendors' }),
    event('tool.returned', 'count call_0', { v: 3 }),
  )
  expect(said(record)).toEqual([
    [`search ${json}`, `${'x'.repeat(299)}…`, false],
    ['count {"of":"vendors"}', '3', false],
  ])
})

test('an effect that took place is told apart; one that may have is in doubt, with what it was', () => {
  const order = called('sendOrder', { to: 'acme', units: 3 }, { effect: 'once' })
  expect(folded(order).doubts.get('run_1 sendOrder call_0#1')).toMatchObject({
    label: 'sendOrder call_0',
    what: 'sendOrder {"to":"acme","units":3}',
  })
  const record = folded(
    order,
    event('step.in_doubt', 'sendOrder call_0', { because: 'the process ended' }),
    event('tool.returned', 'sendOrder call_0', { v: 'ok' }),
  )
  expect(record.doubts.size).toBe(0)
  expect(said(record)).toEqual([['sendOrder {"to":"acme","units":3}', 'ok', true]])
})

test('what was refused or denied is not done', () => {
  const record = folded(
    called('sendOrder', { to: 'acme' }),
    event('tool.returned', 'sendOrder call_0', { v: 'Not approved: too dear', instead: 'denied' }),
    called('search', {}),
    event('tool.failed', 'search call_0', {
      mode: 'tool_failure',
      e: { name: 'Error', message: '503' },
      n: 2,
      retried: 1,
    }),
    event('model.failed', 'gpt c.s', { mode: 'refusal', e: { name: 'Refused', message: 'will not' }, n: 1 }),
  )
  expect(record.done).toEqual([])
  expect(record.failed.map(({ label, error }) => [label, error])).toEqual([
    ['sendOrder {"to":"acme"}', 'denied: Not approved: too dear'],
    ['search {}', 'tool_failure: 503'],
    ['gpt c.s', 'refusal: will not'],
  ])
})

test('what is met again and again is one line that says how often', () => {
  const rung = (n: number) =>
    event('recovery.rung', undefined, {
      mode: 'tool_failure',
      operation: 'search call_0',
      rung: 'retry',
      number: n,
      because: `503 for the ${n}th time`,
    })
  const record = folded(
    event('boundary.breached', undefined, {
      what: 'costUsd',
      limit: 1,
      actual: 1.2,
      operation: 'gpt c.s',
      action: 'escalate',
    }),
    ...Array.from({ length: 100 }, (_, i) => rung(i + 1)),
  )
  expect(record.happenings.met.map(({ text }) => text)).toEqual([
    'Limit costUsd reached at gpt c.s: 1.2 of 1: then escalate',
    'tool_failure at search call_0: retry: 503 for the 100th time (100 times)',
  ])
})

test('answers are told, and what was edited with them', () => {
  const ask = event('keep.done', 'ask Which cost centre?', {
    v: { question: 'q_1', run: 'run_1', asks: 'Which cost centre?', to: 'finance' },
  })
  const record = folded(
    ask,
    event('wait.answered', 'answer to q_1', { message: 'm', v: { question: 'q_1', value: 4711, by: 'ada' } }),
    event('keep.done', 'approve order 12ab', {
      v: { question: 'q_2', run: 'run_1', asks: 'Approve "order"?' },
    }),
    event('wait.answered', 'answer to q_2', {
      message: 'm',
      v: {
        question: 'q_2',
        value: { approved: true, digest: 'd' },
        by: 'bo',
        reason: 'too many',
        edits: [{ path: 'units', was: 30, is: 3 }],
      },
    }),
    event('keep.done', 'ask Anybody?', { v: { question: 'q_3', run: 'run_1', asks: 'Anybody?' } }),
    event('keep.done', 'expire q_3', { v: {} }),
  )
  expect(record.happenings.said.map(({ text }) => text)).toEqual([
    'Which cost centre? ada said: 4711',
    'Approve "order"? bo said: approved (too many); changed units from 30 to 3',
    'Nobody answered in time: Anybody?',
  ])
})

test('a step that was taken out of the plan is told, so that nobody takes it up again; one that was done is not', () => {
  const plan = (...ids: readonly string[]) =>
    event('keep.done', 'plan steps', { v: { plan: ids.map((id) => ({ id, title: `Do ${id}` })) } })
  const record = folded(
    plan('a', 'b', 'c', 'd'),
    event('keep.done', 'plan.done a', { v: { id: 'a' } }),
    plan('c'),
    plan('c', 'd'),
  )
  expect(record.happenings.unplanned.map(({ text }) => text)).toEqual(['No longer planned: Do b [b]'])
})
