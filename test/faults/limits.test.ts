/** Sizes, names, keys and inputs that cannot be: refused in one sentence, and nothing hangs. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { open, task, type AnyTask, type Task } from 'throughline'
import { folderFor } from './recorded.ts'

const BIG = 'x'.repeat(3000)
const maxBodyBytes = 2000

const oversized: Readonly<Record<string, AnyTask>> = {
  'a step': task({ name: 'big', run: (ctx) => ctx.step('grow', () => BIG) }),
  'a step done once': task({ name: 'big', run: (ctx) => ctx.step('grow', () => BIG, { effect: 'once' }) }),
  'an error of a step': task({
    name: 'big',
    run: (ctx) =>
      ctx.step('grow', () => {
        throw new Error(BIG)
      }),
  }),
  'the output': task({ name: 'big', run: () => BIG }),
  'an error of the body': task({
    name: 'big',
    run() {
      throw new Error(BIG)
    },
  }),
  'the input of a child': task({
    name: 'big',
    run: (ctx) => ctx.call(task({ name: 'child', run: () => 1 }), BIG),
  }),
  'the input of the next chapter': task({ name: 'big', run: (ctx) => ctx.restart(BIG) }),
  'the winner of a race': task({ name: 'big', run: (ctx) => ctx.race({ grow: () => BIG }) }),
}

test.for(Object.entries(oversized))('%s beyond the limit ends the run and is named', async ([, any]) => {
  const big = any as unknown as Task // its input is undefined throughout
  await using tl = await open({ store: 'memory:', tasks: [big], maxBodyBytes })
  const run = await tl.start(big, undefined)
  const failure: unknown = await Promise.race([
    run.result().catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(() => resolve('it hangs'), 3000)),
  ])
  expect(failure).toMatchObject({
    code: expect.stringMatching(/^run_(failed|halted)$/),
    message: expect.stringMatching(/the limit is 2000/),
  })
})

test('an input or a message beyond the limit is refused where it is given', async () => {
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('word') })
  await using tl = await open({ store: 'memory:', tasks: [waits], maxBodyBytes })
  const problem = {
    code: 'body_too_large',
    data: { limit: 2000 },
    message: expect.stringMatching(/is \d+ bytes; the limit is 2000/),
  }
  await expect(tl.start(waits, BIG)).rejects.toMatchObject(problem)
  const run = await tl.start(waits, undefined)
  await expect(run.signal('word', BIG)).rejects.toMatchObject(problem)
  await run.signal('word', 'short')
  expect(await run.result()).toBe('short')
})

test('the limit is 16 MiB unless told, for whatever is recorded, and what is refused is named with it', async () => {
  const limit = 16 * 1024 * 1024
  const text = (length: unknown) => 'x'.repeat(Number(length))
  const steps = task({
    name: 'steps',
    run: (ctx, n) => ctx.step('grow', () => text(n)).then((s) => s.length),
  })
  const gives = task({ name: 'gives', run: (_ctx, n) => text(n) })
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('word') })
  await using tl = await open({ store: 'memory:', tasks: [steps, gives, waits] })
  expect(await (await tl.start(steps, limit - 100)).result()).toBe(limit - 100)
  const waiting = await tl.start(waits, undefined)
  const refused: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
    'a step result': [
      async () => (await tl.start(steps, limit)).result(),
      /Step "grow" of run_\w+ returned 167772\d\d bytes; the limit is 16777216/,
    ],
    'an output': [
      async () => (await tl.start(gives, limit)).result(),
      /run_\w+.* is 167772\d\d bytes; the limit is 16777216/,
    ],
    'an input': [() => tl.start(gives, text(limit)), /run_\w+ is 16777\d\d\d bytes; the limit is 16777216/],
    'a message': [
      () => waiting.signal('word', text(limit)),
      /run_\w+\/inbox is 16777\d\d\d bytes; the limit is 16777216/,
    ],
  }
  for (const [what, [ask, sentence]] of Object.entries(refused))
    await expect(ask(), what).rejects.toMatchObject({ message: expect.stringMatching(sentence) })
  await waiting.signal('word', 'short')
  expect(await waiting.result()).toBe('short')
})

test('a wrong input lists everything that is wrong, with paths', async () => {
  const order = task({
    name: 'order',
    input: z.object({
      lines: z.array(z.object({ sku: z.string(), count: z.number().int() })),
      to: z.string(),
    }),
    run: () => 1,
  })
  await using tl = await open({ store: 'memory:', tasks: [order] })
  const error: unknown = await tl
    .start('order', {
      lines: [
        { sku: 'a', count: 1 },
        { sku: 2, count: 1.5 },
      ],
    })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('The input of task "order"'),
  })
  expect(
    (error as { data: { issues: { path: string }[] } }).data.issues.map(({ path }) => path).sort(),
  ).toEqual(['lines[1].count', 'lines[1].sku', 'to'])
  expect((await tl.runs.list()).runs).toEqual([])
})

test('a key belongs to one input', async () => {
  const echo = task({ name: 'echo', run: (_ctx, input) => input })
  const store = join(folderFor(), 'store.db')
  await using tl = await open({ store, tasks: [echo] })
  const run = await tl.start(echo, { a: 1, when: new Date(1) }, { key: 'k' })
  expect((await tl.start(echo, { a: 1, when: new Date(1) }, { key: 'k' })).id).toBe(run.id)
  await expect(tl.start(echo, { a: 1, when: new Date(2) }, { key: 'k' })).rejects.toMatchObject({
    code: 'key_reused',
    data: { runId: run.id, key: 'k' },
  })
  await expect(tl.start(echo, 1, { key: 'k', reuse: 'never' })).rejects.toMatchObject({
    code: 'already_there',
  })
  expect((await tl.start(echo, 2, { key: 'k', scope: 'elsewhere' })).id).not.toBe(run.id)
})

test('two tasks of one name and version are refused; the same one twice is one', async () => {
  const one = task({ name: 'same', run: () => 1 })
  const other = task({ name: 'same', run: () => 2 })
  await expect(open({ store: 'memory:', tasks: [one, other] })).rejects.toMatchObject({
    code: 'duplicate_task',
    message: expect.stringContaining('"same"'),
  })
  await (await open({ store: 'memory:', tasks: [one, one] })).close()
})

test('two items with one key fail the map, by key', async () => {
  const twins = task({
    name: 'twins',
    run: (ctx) => ctx.map('each', ['a', 'b', 'a'], () => 1, { key: (item) => item }),
  })
  await using tl = await open({ store: 'memory:', tasks: [twins] })
  await expect((await tl.start(twins, undefined)).result()).rejects.toMatchObject({
    cause: { code: 'duplicate_key', message: expect.stringContaining('ctx.map("each") have the key "a"') },
  })
})

test('names no text file could hold are refused, and keys of a map may be anything', async () => {
  const odd = task({
    name: 'odd',
    async run(ctx, name) {
      if (typeof name === 'string') return ctx.step(name, () => 1)
      return ctx.map(
        'each',
        ['\0', 'a\nb', '\ud800', '', ' ', '› #1', 'é'.normalize('NFD'), 'é'.normalize('NFC')],
        (branch, item) => branch.step('keep', () => item),
        { key: (item) => item },
      )
    },
  })
  const store = join(folderFor(), 'store.db')
  await using tl = await open({ store, tasks: [odd] })
  for (const name of ['', 'a\0b', 'x'.repeat(201), 'a › b', 'lone \ud800']) {
    await expect((await tl.start(odd, name)).result()).rejects.toMatchObject({
      cause: { code: 'bad_operation' },
    })
  }
  const run = await tl.start(odd, undefined)
  expect(await run.result()).toHaveLength(8)
  expect((await tl.verify()).breaks).toEqual([])
})
