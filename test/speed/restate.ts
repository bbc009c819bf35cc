/**
 * `node --conditions=throughline-source test/speed/restate.ts [--runs 500] [--rounds 5]`: runs of one step, handed out by Restate with
 * their record on Postgres, beside plain Restate doing the same step. One process asks and carries; the servers have their defaults.
 */
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import * as sdk from '@restatedev/restate-sdk'
import { open, restate, task } from 'throughline'
import { z } from 'zod'
import { PostgresServer } from '../servers/postgres.ts'
import { RestateServer } from '../servers/restate.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, rounds: { type: 'string', default: '5' } },
})
const runs = Number(values.runs)
const work = (n: number): { readonly n: number; readonly text: string } => ({ n, text: 'x'.repeat(200) })

const database = await PostgresServer.start()
const server = await RestateServer.start()

const carried = task({
  name: 'ours',
  input: z.number(),
  run: async (ctx, n) => (await ctx.step('step', () => work(n))).n,
})
const dispatch = restate({ ingress: server.ingress(), admin: server.admin(), listen: '127.0.0.1:0' })
const tl = await open({ store: database.url, tasks: [carried], dispatch })

const plain = sdk.service({
  name: 'plain',
  handlers: { carry: async (ctx: sdk.Context, n: number) => (await ctx.run('step', () => work(n))).n },
})
const endpoint = createServer(sdk.createEndpointHandler({ services: [plain], logger: () => {} }))
await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
await fetch(`${server.admin()}/deployments`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ uri: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}` }), // it listens on a port
})

const subjects = {
  ours: async (n: number) => (await tl.start(carried, n)).result(),
  plain: async (n: number) => {
    const answer = await fetch(`${server.ingress()}/plain/carry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(n),
    })
    return answer.json()
  },
}

async function rate(subject: keyof typeof subjects, count = runs): Promise<number> {
  const since = performance.now()
  await Promise.all(Array.from({ length: count }, (_, n) => subjects[subject](n)))
  return (count * 1000) / (performance.now() - since)
}

for (const subject of ['ours', 'plain'] as const) await rate(subject, 50)
const ratios: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  // In turn, and the other first each time: the machine is never quite the same.
  const [first, second] = round % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const)
  const rates = { [first]: await rate(first), [second]: await rate(second) }
  const [ours = 0, others = 1] = [rates['ours'], rates['plain']]
  ratios.push(ours / others)
  console.log(
    `ours ${ours.toFixed(0)}/s, plain Restate ${others.toFixed(0)}/s: ${(ours / others).toFixed(2)}`,
  )
}
const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1] ?? 0
console.log(`${runs} runs of one step: ${median.toFixed(2)} of plain Restate (median of ${ratios.length})`)
await tl.close()
endpoint.close()
await server.dispose()
await database.dispose()
process.exit()
