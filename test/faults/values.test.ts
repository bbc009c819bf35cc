/** What bodies return and throw: the same live and replayed, and told by step and path where it cannot be recorded. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open, task, type AnyTask, type ThroughlineError } from 'throughline'
import { folderFor } from './recorded.ts'

/** Carries a run to its wait, drops the process's memory of it, carries it again from the record, and hands over both results. */
async function liveAndReplayed(
  body: (ctx: Parameters<AnyTask['run']>[0]) => Promise<unknown>,
): Promise<readonly [unknown, unknown]> {
  const store = join(folderFor(), 'store.db')
  const seen: unknown[] = []
  const twice = task({
    name: 'twice',
    async run(ctx) {
      seen.push(await body(ctx))
      await ctx.wait('again')
      return 'over'
    },
  })
  for (const isAgain of [false, true]) {
    await using tl = await open({ store, tasks: [twice] })
    const run = await tl.start(twice, undefined, { key: 'the one' })
    if (isAgain) {
      await run.signal('again')
      expect(await run.result()).toBe('over')
    } else for await (const event of run.events()) if (event.kind === 'wait.opened') break
  }
  expect(seen).toHaveLength(2)
  return [seen[0], seen[1]]
}

const VALUES: Readonly<Record<string, () => unknown>> = {
  Date: () => new Date(5),
  Map: () => new Map<unknown, unknown>([[{ a: 1 }, new Set([1n])]]),
  Set: () => new Set([undefined, null]),
  BigInt: () => 2n ** 70n,
  URL: () => new URL('https://example.org/a?b=c'),
  Uint8Array: () => new Uint8Array([0, 255]),
  undefined: () => undefined,
  'undefined inside': () => ({ a: undefined, b: [undefined] }),
  Error: () => new RangeError('as a value', { cause: 'why' }),
  NaN: () => [Number.NaN, -0, Infinity],
  'text with every kind of character': () => '\0\u{1f600}\ud800 \u2028"\\',
}

test.for(Object.entries(VALUES))(
  'a step that returns %s gives the same live and replayed',
  async ([, make]) => {
    const [live, replayed] = await liveAndReplayed((ctx) => ctx.step('make', make))
    expect(live).toStrictEqual(make())
    expect(replayed).toStrictEqual(make())
  },
)

const THROWN: Readonly<Record<string, unknown>> = {
  text: 'out of paper',
  undefined,
  null: null,
  number: Number.NaN,
  'an object': { code: 7, why: ['a'] },
  'an object that cannot be text': { toString: 'no function', message: 1 },
  'an Error without a message': new Error(),
  'an Error with fields of its own': Object.assign(new TypeError('mine'), { extra: new Date(1) }),
  'a symbol': Symbol('s'),
  'a function': () => {},
}

test.for(Object.entries(THROWN))(
  'a step that throws %s throws the same live and replayed, and the run may fail of it',
  async ([, thrown]) => {
    const [live, replayed] = await liveAndReplayed((ctx) =>
      ctx
        .step('break', () => {
          throw thrown
        })
        .then(
          () => 'nothing was thrown',
          (error: unknown) => ({ caught: error }),
        ),
    )
    expect(live).toStrictEqual(replayed)
    if (typeof thrown !== 'symbol' && typeof thrown !== 'function')
      expect(live).toStrictEqual({ caught: thrown })
    else expect(live).toMatchObject({ caught: { message: expect.stringContaining(String(thrown)) } })
    const fails = task({
      name: 'fails',
      run() {
        throw thrown
      },
    })
    await using tl = await open({ store: 'memory:', tasks: [fails] })
    const run = await tl.start(fails, undefined)
    const error: unknown = await run.result().catch((failure: unknown) => failure)
    expect(error).toMatchObject({
      code: 'run_failed',
      runId: run.id,
      message: expect.stringContaining(run.id),
    })
    if (typeof thrown !== 'symbol' && typeof thrown !== 'function')
      expect((error as ThroughlineError).cause).toStrictEqual(thrown)
    expect(await run.status()).toBe('failed')
  },
)

test('what a step returns and the record cannot carry fails it, by step and path', async () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const results: Readonly<Record<string, unknown>> = {
    '$.parts[1].run': { parts: [1, { run() {} }] },
    '$.tag': { tag: Symbol('t') },
    '$.self': loop,
  }
  for (const [path, result] of Object.entries(results)) {
    const bad = task({
      name: 'bad',
      run: (ctx) => ctx.step('make', () => result, { retry: { attempts: 5 } }),
    })
    await using tl = await open({ store: 'memory:', tasks: [bad] })
    const run = await tl.start(bad, undefined)
    const failure = await run.result().catch((error: unknown) => error as ThroughlineError)
    expect(failure).toMatchObject({
      code: 'run_failed',
      cause: { code: 'not_serializable', message: expect.stringContaining(`Step "make"`), data: { path } },
    })
  }
})
