/** A Restate that signs its calls, and workers that take no others. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { connect } from 'node:http2'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { open, restate, task, type Throughline } from 'throughline'
import { z } from 'zod'
import { freePort } from '../servers/postgres.ts'
import { RestateServer } from '../servers/restate.ts'
import { freshSchema } from '../servers/schemas.ts'

const LONG = { timeout: 120_000 }
const said: string[] = []
const listening = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) }
const folder = mkdtempSync(join(tmpdir(), 'throughline-signed-'))
const own = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const opened: Throughline[] = []
let server: RestateServer

const double = task({
  name: `double-${process.pid}`,
  input: z.number(),
  run: (ctx, n) => ctx.step('double', () => 2 * n),
})

beforeAll(async () => {
  const pem = join(folder, 'key.pem')
  writeFileSync(pem, own.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  server = await RestateServer.start({ settings: { REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: pem } })
}, 180_000)
afterEach(async () => {
  await Promise.all(opened.splice(0).map((tl) => tl.close()))
})
afterAll(async () => {
  await server.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** A public key as Restate prints it: its 32 bytes in base 58. */
function printed(key: KeyObject): string {
  const bytes = Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
  let text = ''
  for (let left = BigInt(`0x${bytes.toString('hex')}`); left > 0n; left /= 58n)
    text = `${ALPHABET[Number(left % 58n)]}${text}`
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return `publickeyv1_${'1'.repeat(zeros)}${text}`
}

async function opening(store: string, options: { readonly key?: KeyObject; readonly port?: number }) {
  const { key, port = 0 } = options
  const tl = await open({
    store,
    tasks: [double],
    worker: key !== undefined,
    logger: listening,
    dispatch: restate({
      ingress: server.ingress(),
      admin: server.admin(),
      listen: `127.0.0.1:${port}`,
      identityKeys: key ? [printed(key)] : [],
    }),
  })
  opened.push(tl)
  return tl
}

/** What a worker answers to a call that nobody signed. */
function unsigned(port: number, path: string): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`)
  return new Promise<number>((resolve, reject) => {
    session.on('error', reject)
    const asked = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/vnd.restate.invocation.v5',
    })
    asked.on('response', (headers) => resolve(Number(headers[':status'])))
    asked.on('error', reject)
    asked.end()
  }).finally(() => session.destroy())
}

test('a worker that has the key of its Restate carries runs', LONG, async () => {
  const tl = await opening(await freshSchema(), { key: own.publicKey })
  expect(await (await tl.start(double, 21)).result()).toBe(42)
})

test('a worker that was given another key does not begin, says so, and carries nothing', LONG, async () => {
  const store = await freshSchema()
  const run = await (await opening(store, {})).start(double, 4)
  await expect(opening(store, { key: other.publicKey })).rejects.toMatchObject({
    code: 'restate_refused',
    message: expect.stringContaining('not signed with any of the identity keys'),
  })
  expect(await run.status()).toBe('queued')
  await opening(store, { key: own.publicKey })
  expect(await run.result()).toBe(8)
})

test(
  'a worker with another key at an address that Restate knows says so, and carries nothing',
  LONG,
  async () => {
    const [store, port] = [await freshSchema(), await freePort()]
    await (await opening(store, { key: own.publicKey, port })).close()
    opened.length = 0
    said.length = 0
    const wrong = await opening(store, { key: other.publicKey, port })
    const run = await wrong.start(double, 5)
    await expect
      .poll(() => said.join('\n'), { timeout: 20_000 })
      .toContain('not signed with any of the identity keys')
    expect(said.filter((one) => one.includes('signed'))).toHaveLength(1)
    expect(await run.status()).toBe('queued')
    await wrong.close()
    opened.length = 0
    const right = await opening(store, { key: own.publicKey, port })
    expect(await (await right.run(run.id)).result()).toBe(10)
  },
)

test(
  'a call that nobody signed is refused at the port of a worker, and nothing of the run begins',
  LONG,
  async () => {
    const port = await freePort()
    const tl = await opening(await freshSchema(), { key: own.publicKey, port })
    expect(await unsigned(port, `/invoke/${double.name}.v1/advance`)).toBe(401)
    expect(await unsigned(port, '/discover')).toBe(401)
    expect(await (await tl.start(double, 1)).result()).toBe(2)
  },
)
