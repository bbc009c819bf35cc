import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundedFetch } from './egress.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** Answers what it was asked; `/to/<status>/<address>` redirects. */
async function serve(seen: Seen[]): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, body, headers })
      const [, status, to] = /^\/to\/(\d+)\/(.*)$/.exec(url) ?? []
      if (status === undefined) response.end(`${method} ${url}`)
      else response.writeHead(Number(status), { location: decodeURIComponent(to ?? '') }).end('moved')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return server
}

const [inside, outside]: [Seen[], Seen[]] = [[], []]
let servers: Server[]
let [allowed, other] = ['', '']
const refused: string[] = []
let bounded: typeof fetch

beforeAll(async () => {
  servers = [await serve(inside), await serve(outside)]
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  ;[allowed, other] = addresses as [string, string]
  bounded = boundedFetch([[allowed, 'localhost:1'], [allowed]], (url) => {
    refused.push(url.href)
    return new Error(`no: ${url.host}`)
  })
})
afterAll(() => servers.forEach((server) => server.close()))

const via = (status: number, to: string) => `http://${allowed}/to/${status}/${encodeURIComponent(to)}`

test('an allowed host is reached, any other is not asked', async () => {
  expect(await (await bounded(`http://${allowed}/a`)).text()).toBe('GET /a')
  expect(
    await (await bounded(new Request(`http://${allowed}/b`, { method: 'POST', body: 'x' }))).text(),
  ).toBe('POST /b')
  for (const url of [
    `http://${other}/`,
    `http://user:pass@${allowed}/`,
    'http://localhost:1/',
    'data:text/plain,hi',
    'ftp://x.y/',
  ])
    await expect(bounded(url)).rejects.toThrow()
  expect(outside).toEqual([])
})

test('a redirect to another host is not followed, however it is said', async () => {
  for (const to of [`http://${other}/x`, `//${other}/x`, `HTTP://${other}/x`, via(302, `http://${other}/x`)])
    await expect(bounded(via(302, to))).rejects.toThrow(/^no: /)
  expect(outside).toEqual([])
})

test('within what is allowed redirects are followed as fetch follows them', async () => {
  const post = {
    method: 'POST',
    body: 'x',
    headers: { 'content-type': 'text/plain', authorization: 'secret' },
  }
  for (const [status, expected] of [
    [301, 'GET /x'],
    [302, 'GET /x'],
    [303, 'GET /x'],
    [307, 'POST /x'],
    [308, 'POST /x'],
  ] as const) {
    const plain = await (await fetch(via(status, '/x'), post)).text()
    expect(await (await bounded(via(status, '/x'), post)).text()).toBe(plain)
    expect(plain).toBe(expected)
  }
  expect(inside.at(-1)).toMatchObject({ body: 'x', headers: { authorization: 'secret' } })
  expect((await bounded(via(302, '/x'), { redirect: 'manual' })).status).toBe(302)
  await expect(bounded(via(302, '/x'), { redirect: 'error' })).rejects.toThrow(TypeError)
  await expect(bounded(`http://${allowed}/to/302/`)).rejects.toThrow(TypeError)
})

test('credentials are left behind when a redirect leads to another origin', async () => {
  const both = boundedFetch([[allowed, other]], () => new Error('no'))
  await both(via(307, `http://${other}/y`), {
    headers: { authorization: 'secret', cookie: 'a=b', 'x-api-key': 'k', 'x-other': 'kept' },
  })
  expect(outside.at(-1)?.headers).toMatchObject({ 'x-other': 'kept' })
  expect(Object.keys(outside.at(-1)?.headers ?? {})).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/authorization|cookie|x-api-key/)]),
  )
})

test('it is aborted as fetch is', async () => {
  await expect(bounded(`http://${allowed}/`, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  })
})

test('a list without hosts allows none', async () => {
  await expect(boundedFetch([[]], () => new Error('none'))(`http://${allowed}/`)).rejects.toThrow('none')
})
