/** Restate: its server as one process on free ports, the service in this process over HTTP/2. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import { discard, freePorts, scratch } from '../scratch.ts'
import { payload, stopwatch, timed } from '../subject.ts'
import type { ChildProcess } from 'node:child_process'
import type { Http2Server, ServerHttp2Session } from 'node:http2'
import type { Subject } from '../subject.ts'

interface Asked {
  readonly steps: number
  readonly bytes: number
}

export function restateServer(): Subject {
  let child: ChildProcess
  let endpoint: Http2Server
  let folder: string
  let ask: (asked: Asked) => Promise<number>
  let stepMs: number[] = []
  const sessions = new Set<ServerHttp2Session>()
  const service = restate.service({
    name: 'bench',
    handlers: {
      async carry(ctx: restate.Context, { steps, bytes }: Asked): Promise<number> {
        for (let index = 0; index < steps; index++)
          await timed(stepMs, () => ctx.run(`step-${index}`, () => payload(index, bytes)))
        return steps
      },
    },
  })
  return {
    name: 'Restate',
    configured: 'restate-server on loopback; defaults',
    async start() {
      folder = scratch('restate')
      const [own, ingress, admin, node] = await freePorts(4)
      endpoint = createServer(restate.createEndpointHandler({ services: [service], logger: () => {} }))
      endpoint.on('session', (session) => sessions.add(session))
      endpoint.listen(own, '127.0.0.1')
      child = spawn(
        binary(),
        [
          '--no-logo',
          '--node-name',
          'bench',
          '--listen-mode',
          'tcp',
          '--base-dir',
          folder,
          '--bind-ip',
          '127.0.0.1',
        ],
        {
          stdio: 'ignore',
          cwd: folder,
          env: {
            ...process.env,
            RUST_LOG: 'error',
            RESTATE_DISABLE_TELEMETRY: 'true',
            RESTATE_BIND_PORT: `${node}`,
            RESTATE_INGRESS__BIND_PORT: `${ingress}`,
            RESTATE_ADMIN__BIND_PORT: `${admin}`,
          },
        },
      )
      await until(() => fetch(`http://127.0.0.1:${admin}/health`))
      await until(() =>
        fetch(`http://127.0.0.1:${admin}/deployments`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ uri: `http://127.0.0.1:${own}` }),
        }),
      )
      const client = clients
        .connect({ url: `http://127.0.0.1:${ingress}` })
        .serviceClient<typeof service>({ name: 'bench' })
      ask = async (asked) => client.carry(asked)
      await until(async () => ({ ok: (await ask({ steps: 1, bytes: 10 })) === 1 }))
    },
    async sequential(steps, bytes) {
      stepMs = []
      const elapsed = stopwatch()
      await ask({ steps, bytes })
      return { seconds: elapsed(), stepMs }
    },
    async fleet(runs, steps) {
      stepMs = []
      const elapsed = stopwatch()
      await Promise.all(Array.from({ length: runs }, () => ask({ steps, bytes: 200 })))
      return elapsed()
    },
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      for (const session of sessions) session.destroy()
      endpoint.close()
      discard(folder)
    },
  }
}

/** The server's own binary: through its npm wrapper a signal would end the wrapper first. */
function binary(): string {
  const require = createRequire(import.meta.resolve('@restatedev/restate-server/package.json'))
  return require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
}

async function until(attempt: () => Promise<{ readonly ok: boolean }>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (
      await attempt().then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await pause(100)
  }
  throw new Error('restate-server did not become ready within 30 s.')
}
