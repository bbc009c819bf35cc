import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { open, openStore, type Throughline } from '../../app/index.ts'
import { connect, current, durable } from './index.ts'

let tl: Throughline | undefined
let kept: string | undefined
beforeEach(() => {
  kept = process.env['THROUGHLINE_STORE']
  process.env['THROUGHLINE_STORE'] = 'memory:'
})
afterEach(async () => {
  if (kept === undefined) delete process.env['THROUGHLINE_STORE']
  else process.env['THROUGHLINE_STORE'] = kept
  await tl?.close()
})

const ask = () => new Request('http://house.test/x', { method: 'POST', body: '{}' })

test('a route that is loaded after the store was opened is carried as well', async () => {
  const first = durable('loaded first', () => new Response('first'))
  tl = await connect()
  expect(await (await first(ask())).text()).toBe('first')
  const second = durable('loaded later', () => new Response('second'))
  expect(await (await second(ask())).text()).toBe('second')
  expect((await tl.runs.list()).runs.map(({ task }) => task)).toEqual(['loaded later', 'loaded first'])
})

test('a module that is loaded twice is one route, and what was loaded last counts', async () => {
  const first = durable('loaded twice', () => new Response('old'))
  const again = durable('loaded twice', () => new Response('new'))
  tl = await connect()
  expect(await (await first(ask())).text()).toBe('new')
  expect(await (await again(ask())).text()).toBe('new')
  vi.stubEnv('NODE_ENV', 'production')
  expect(() => durable('loaded twice', () => new Response('other'))).toThrow(
    /Two routes are named "loaded twice"/,
  )
  vi.unstubAllEnvs()
})

test('a run that waited for the code of its route goes on when the route is loaded', async () => {
  const store = openStore('memory:')
  const waits = durable('waits for its code', () => new Response('here'))
  tl = await open({ store })
  const run = await tl.start(waits.task, { method: 'GET', url: 'http://house.test/', headers: {} })
  await vi.waitFor(async () => expect((await run.info()).waiting[0]?.kind).toBe('task'))
  await connect(tl)
  expect(await run.result()).toMatchObject({ status: 200, body: 'here' })
})

test('a text whose run was put out of memory in the middle goes on where it was, to the same reader', async () => {
  const slow = durable('slow', () => {
    const ctx = current()
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode('one, '))
          const word = await ctx?.wait('word')
          controller.enqueue(new TextEncoder().encode(String(word)))
          controller.close()
        },
      }),
    )
  })
  tl = await open({ store: openStore('memory:'), tasks: [slow.task as never], lingerMs: 20 })
  await connect(tl)
  const response = await slow(ask())
  const text = response.text()
  const run = await tl.run(response.headers.get('x-throughline-run') ?? '')
  await vi.waitFor(() => expect(tl?.load.residents).toBe(0))
  await run.signal('word', 'two')
  expect(await text).toBe('one, two')
})

test('a text that comes out otherwise in a later life is broken off, and not passed for the same', async () => {
  let lives = 0
  const fickle = durable('fickle', () => {
    const ctx = current()
    const life = ++lives
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode(`life ${life}, `))
          await ctx?.wait('word')
          controller.close()
        },
      }),
    )
  })
  tl = await open({ store: openStore('memory:'), tasks: [fickle.task as never], lingerMs: 20 })
  await connect(tl)
  const response = await fickle(ask())
  const text = response.text()
  text.catch(() => {})
  const run = await tl.run(response.headers.get('x-throughline-run') ?? '')
  await vi.waitFor(() => expect(tl?.load.residents).toBe(0))
  await run.signal('word', 'two')
  await expect(text).rejects.toThrow('came out otherwise')
})
