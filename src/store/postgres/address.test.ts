/** What is said of an address that is wrong, before anything else is done with it. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open as openThroughline } from '../../index.ts'
import { administrator, schemaOf } from '../../../test/servers/administrator.ts'
import { freePort, PASSWORD, PostgresServer } from '../../../test/servers/postgres.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { parseAddress } from './address.ts'
import { loadDriver } from './driver.ts'
import { openPostgres } from './index.ts'

const LONG = { timeout: 120_000 }
const open = async (address: string, options: { mustExist?: boolean; isReadOnly?: boolean } = {}) =>
  openPostgres({ address, projections: [], ...options })
/** How an address is refused: code and message. */
const refused = async (
  address: string,
  options = {},
): Promise<{ code?: string; message: string; retryable?: boolean }> => {
  try {
    await (await open(address, options)).close()
  } catch (error) {
    return error as { code?: string; message: string }
  }
  return { message: 'was opened' }
}

test('an address is read whole, and shown without its password', () => {
  expect(
    parseAddress(
      'postgresql://ada:p%40ss@db.example:6432/work?schema=agents&sslmode=verify-full&application_name=x',
    ),
  ).toMatchObject({
    host: 'db.example',
    port: 6432,
    user: 'ada',
    password: 'p@ss',
    database: 'work',
    schema: 'agents',
    tls: 'verify-full',
    applicationName: 'x',
    shown: 'postgres://ada@db.example:6432/work?schema=agents',
  })
  expect(parseAddress('postgres://localhost')).toMatchObject({
    schema: 'throughline',
    tls: 'prefer',
    password: undefined,
  })
  expect(parseAddress('postgres:///db?host=/var/run/postgresql&user=u')).toMatchObject({
    host: '/var/run/postgresql',
    user: 'u',
  })
  expect(parseAddress('postgres://[::1]:5432/db').host).toBe('::1')
})

test.each([
  ['postgres://', 'postgres://?', false],
  ['postgres://h:port/db', 'no URL', true],
  ['postgres://u:p,q@a:1,b:2/db', 'several hosts', true],
  ['postgres://a,b/db', 'several hosts', true],
  ['postgres:///db?host=a%2Cb', 'several hosts', true],
  ['postgres://h/db?sslmode=maybe', 'sslmode=maybe', true],
  ['postgres://h/db?schema=', 'name of a schema', true],
  ['postgres://h/db?schema=pg_catalog', 'name of a schema', true],
  [`postgres://h/db?schema=${'x'.repeat(64)}`, 'name of a schema', true],
  ['postgres://h/db?shcema=x', '"shcema"', true],
  ['postgres://h/db?connect_timeout=soon', 'connect_timeout', true],
  ['postgres://h/db?sslrootcert=/nowhere/ca.crt', 'sslrootcert', true],
  ['postgres://u:50%@h/db', '%', true],
])('%s', (address, what, isBad) => {
  const parse = () => parseAddress(address)
  if (isBad)
    expect(parse).toThrow(
      expect.objectContaining({ code: 'bad_address', message: expect.stringContaining(what) }),
    )
  else expect(parse()).toMatchObject({ host: undefined })
})

test('the driver is asked for by name when it is missing', async () => {
  const missing = () =>
    Promise.reject(Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' }))
  await expect(loadDriver(missing)).rejects.toMatchObject({
    code: 'driver_missing',
    message: 'A store on Postgres needs the package "pg", which is not installed: npm install pg.',
  })
})

test('open() says the same', async () => {
  await expect(openThroughline({ store: 'postgres://h/db?sslmode=maybe' })).rejects.toMatchObject({
    code: 'bad_address',
  })
})

describe('a server that is there', LONG, () => {
  const change = async (what: (url: URL) => void): Promise<string> => {
    const url = new URL(await freshSchema())
    what(url)
    return url.href
  }

  test('nobody answers at the port', async () => {
    const port = await freePort()
    const said = await refused(await change((url) => void (url.port = String(port))))
    expect(said).toMatchObject({
      code: 'store_unavailable',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(said.message).not.toContain(encodeURIComponent(PASSWORD))
    expect(said.message).not.toContain(PASSWORD)
  })

  test('the host has no address', async () => {
    expect(await refused(await change((url) => void (url.hostname = 'nowhere.invalid')))).toMatchObject({
      code: 'store_unavailable',
    })
  })

  test('the password is wrong', async () => {
    const said = await refused(await change((url) => void (url.password = 'wrong')))
    expect(said).toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining('password authentication failed'),
    })
  })

  test('the database does not exist', async () => {
    expect(await refused(await change((url) => void (url.pathname = '/nothing')))).toMatchObject({
      code: 'store_missing',
    })
  })

  test('there is no store yet, where one must be', async () => {
    expect(await refused(await freshSchema(), { mustExist: true })).toMatchObject({ code: 'store_missing' })
    expect(await refused(await freshSchema(), { isReadOnly: true })).toMatchObject({ code: 'store_missing' })
  })

  test("the schema holds another program's tables", async () => {
    const address = await freshSchema()
    const client = await administrator(address)
    await client.query(`CREATE SCHEMA ${schemaOf(address)}; CREATE TABLE ${schemaOf(address)}.events (x int)`)
    expect(await refused(address)).toMatchObject({
      code: 'foreign_store',
      message: expect.stringContaining('events'),
    })
    expect(
      (
        await client.query(
          `SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = '${schemaOf(address)}'`,
        )
      ).rows,
    ).toEqual([{ n: 1 }])
    await client.end()
  })

  test('an empty schema that somebody made for it is taken', async () => {
    const address = await freshSchema()
    const client = await administrator(address)
    await client.query(`CREATE SCHEMA ${schemaOf(address)}`)
    await client.end()
    await (await open(address)).close()
  })

  test('the role may not make tables', async () => {
    const address = await freshSchema()
    const role = `nobody_${schemaOf(address)}`
    const client = await administrator(address)
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
    await client.end()
    const url = new URL(address)
    ;[url.username, url.password] = [role, 'x']
    expect(await refused(url.href)).toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining('a role that may create them'),
    })
  })

  test('a store that is opened to be read is not written', async () => {
    const address = await freshSchema()
    await (await open(address)).close()
    const log = await open(address, { isReadOnly: true })
    await expect(
      log.commit({ appends: [{ stream: 'a', expected: 'any', events: [{ kind: 'x', version: 1 }] }] }),
    ).rejects.toMatchObject({ code: 'store_read_only' })
    expect(await log.heads()).toEqual([])
    await log.close()
    await expect(log.head('a')).rejects.toMatchObject({ code: 'closed' })
  })

  test('a schema with a name of any kind works', async () => {
    const log = await open(
      await change((url) => url.searchParams.set('schema', `Größe ${process.pid} $ 'x'`)),
    )
    await log.commit({ appends: [{ stream: 'a', expected: 'any', events: [{ kind: 'x', version: 1 }] }] })
    expect((await log.verify()).events).toBe(1)
    await log.close()
  })
})

describe('encryption', LONG, () => {
  let [plain, tls, tlsOnly]: (PostgresServer | undefined)[] = []
  const root = join(import.meta.dirname, '../../../test/servers/tls/ca.crt')
  beforeAll(async () => {
    plain = await PostgresServer.start()
    tls = await PostgresServer.start({ tls: true })
    tlsOnly = await PostgresServer.start({ tls: true, tlsOnly: true })
  }, 120_000)
  afterAll(async () => {
    for (const server of [plain, tls, tlsOnly]) await server?.dispose()
  })
  const at = (server: PostgresServer | undefined, parameters: string, host = '127.0.0.1'): string =>
    `${server?.url.replace('127.0.0.1', host)}?${parameters}`
  const isEncrypted = async (address: string): Promise<unknown> => {
    const log = await open(`${address}&application_name=seen`)
    await log.commit({ appends: [{ stream: 'a', expected: 'any', events: [{ kind: 'x', version: 1 }] }] })
    const stop = log.onCommit(() => {})
    await new Promise((resolve) => setTimeout(resolve, 100))
    const client = await administrator(address)
    const { rows } = await client.query(
      `SELECT count(*)::int AS n, bool_and(ssl) AS all, bool_or(ssl) AS some FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'seen'`,
    )
    await client.end()
    stop()
    await log.close()
    expect(rows[0].n).toBeGreaterThanOrEqual(2)
    return rows[0].all === rows[0].some ? rows[0].all : 'mixed'
  }

  test('prefer, the default, encrypts where the server can', async () => {
    expect(await isEncrypted(at(plain, 'schema=a'))).toBe(false)
    expect(await isEncrypted(at(tls, 'schema=a'))).toBe(true)
    expect(await isEncrypted(at(tls, 'sslmode=disable'))).toBe(false)
  })

  test('require encrypts or fails', async () => {
    expect(await isEncrypted(at(tls, 'sslmode=require'))).toBe(true)
    expect(await refused(at(plain, 'sslmode=require'))).toMatchObject({
      code: 'tls_refused',
      message: expect.stringContaining('does not support SSL'),
    })
  })

  test('verify-ca checks who signed the certificate, verify-full also whose it is', async () => {
    expect(await isEncrypted(at(tls, `sslmode=verify-full&sslrootcert=${root}`, 'localhost'))).toBe(true)
    expect(await isEncrypted(at(tls, `sslmode=verify-ca&sslrootcert=${root}`))).toBe(true)
    expect(await refused(at(tls, `sslmode=verify-full&sslrootcert=${root}`))).toMatchObject({
      code: 'tls_refused',
    })
    for (const mode of ['verify-ca', 'verify-full'])
      expect(await refused(at(tls, `sslmode=${mode}`, 'localhost')), mode).toMatchObject({
        code: 'tls_refused',
      })
  })

  test('a server that takes encrypted connections only says so', async () => {
    expect(await refused(at(tlsOnly, 'sslmode=disable'))).toMatchObject({
      code: 'tls_refused',
      message: expect.stringContaining('sslmode=require'),
    })
    await (await open(at(tlsOnly, 'schema=b'))).close()
  })

  test('a file that is no certificate', async () => {
    const file = join(tmpdir(), `throughline-${process.pid}.crt`)
    writeFileSync(file, 'no certificate')
    expect(await refused(at(tls, `sslmode=verify-full&sslrootcert=${file}`, 'localhost'))).toMatchObject({
      code: 'tls_refused',
    })
  })
})
