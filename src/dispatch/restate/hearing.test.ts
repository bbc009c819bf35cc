import { connect as connectHttp2, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Proxy } from '../../../test/servers/proxy.ts'
import { machineTicks } from '../ticks.ts'
import { Hearing } from './hearing.ts'

const PATIENT = { timeout: 30_000 }

/** A caller by HTTP/2 whose connection can fall silent, and what hears it. */
async function line() {
  const hearing = new Hearing(machineTicks)
  const server = createServer()
  const over: (() => void)[] = []
  server.on('session', (session) => hearing.add(session))
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    over.push(hearing.call(stream.session as Parameters<Hearing['add']>[0])) // of a server's stream
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  const network = await Proxy.before(port)
  const caller = connectHttp2(`http://127.0.0.1:${network.port}`)
  caller.on('error', () => {})
  const called = caller.request({ ':method': 'POST', ':path': '/invoke' })
  called.on('error', () => {})
  await expect.poll(() => over.length, PATIENT).toBe(1)
  const close = async () => {
    hearing.close()
    caller.destroy()
    await network.close()
    await new Promise((resolve) => server.close(resolve))
  }
  return { hearing, end: () => over.splice(0).forEach((one) => one()), network, close }
}

test(
  'a worker whose caller falls silent is not sure of its runs, and is again when it is heard',
  PATIENT,
  async () => {
    const { hearing, network, close } = await line()
    expect(hearing.held()).toBe(undefined)
    network.hold()
    await expect.poll(() => hearing.held() !== undefined, PATIENT).toBe(true)
    const again = hearing.held()
    network.heal()
    await again
    expect(hearing.held()).toBe(undefined)
    await close()
  },
)

test('whoever has no call under way need not be heard', PATIENT, async () => {
  const { hearing, end, network, close } = await line()
  network.hold()
  await expect.poll(() => hearing.held() !== undefined, PATIENT).toBe(true)
  const again = hearing.held()
  end()
  await again
  expect(hearing.held()).toBe(undefined)
  await close()
})
