/**
 * The people of a simulation, at a client of their own: they start the run, send the messages it waits for (before, while and after
 * it does), settle what is in doubt by looking at what really happened, cancel, and fork.
 */
import { hash } from 'node:crypto'
import type { RunHandle, Throughline } from 'throughline'
import type { Hub } from './hub.ts'
import { expected, type Expected } from './model.ts'
import type { Input, Program } from './program.ts'
import type { Row } from '../record.ts'
import type { Random } from '../../random.ts'
import type { World } from './world.ts'

interface Known {
  readonly expected: Expected
  /** How many messages of each name were sent. */
  readonly sent: Map<string, number>
}

export interface PeopleOptions {
  readonly client: Throughline
  readonly program: Program
  readonly hub: Hub
  readonly world: World
  readonly random: Random
}

const MOST_TRIES = 50
const HANDED = 'handoff to '

export class People {
  /** What each run is to come to, as far as anybody asked. */
  readonly runs = new Map<string, Known>()
  rootId = ''
  forkId: string | undefined
  isCancelled = false
  /** Effects they had to settle. */
  doubts = 0
  readonly #options: PeopleOptions

  constructor(options: PeopleOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const root: Input = { where: '0', chapter: 1 }
    await this.#request(
      async () => (this.rootId = (await this.#options.client.start('t0', root as never)).id),
    )
  }

  /** Runs that have not ended. */
  unended() {
    const where = { ended_at: null, status: { in: ['queued', 'running', 'waiting'] } }
    return this.#options.hub.store.select('runs', {
      where,
      columns: ['run', 'status', 'waiting', 'wake_at'],
    })
  }

  /** Sends a message the run will wait for, if one is left; now and then twice. */
  async send(run: string): Promise<boolean> {
    const { random, hub } = this.#options
    const known = await this.known(run)
    const open = [...(known?.expected.messages ?? [])].filter(
      ([name, payloads]) => (known?.sent.get(name) ?? 0) < payloads.length,
    )
    if (!known || open.length === 0) return false
    const [name, payloads] = random.pick(open)
    const which = known.sent.get(name) ?? 0
    known.sent.set(name, which + 1)
    const id = `${name}#${which + 1}`
    hub.say(`"${id}" is sent to ${run}`)
    const handle = await this.#handle(run)
    for (let times = random.chance(0.15) ? 2 : 1; times > 0; times--)
      await this.#request(() => handle.signal(name, payloads[which], { id }))
    return true
  }

  /** Sends what nobody waits for. */
  async sendJunk(): Promise<void> {
    const handle = await this.#handle(this.rootId)
    await this.#request(() => handle.signal(`junk ${this.#options.random.between(1, 9)}`, 'junk'))
  }

  /** Settles one effect that is in doubt; false if none is. */
  async settleDoubt(): Promise<boolean> {
    const { world, hub } = this.#options
    for (const row of await this.unended()) {
      const waits = JSON.parse(String(row['waiting'] ?? '[]')) as { kind: string; name: string }[]
      for (const { kind, name } of waits) {
        if (kind !== 'in_doubt') continue
        const handle = await this.#handle(String(row['run']))
        const doubted = await this.#request(() => doubtOf(handle, name))
        if (!doubted) continue
        // Somebody who is slow, cut off or stopped may be in the middle of it.
        if (hub.processes.some((one) => !one.isDead && one.effects.has(doubted.idempotencyKey))) continue
        const done = world.done.get(doubted.idempotencyKey)
        this.doubts++
        hub.say(`a person settles ${handle.id} ${doubted.key}: ${done ? 'it was done' : 'it was not'}`)
        const outcome = done ? { done: true as const, value: done.mark } : { done: false as const }
        await this.#request(() => handle.resolve(doubted.key, outcome))
        return true
      }
    }
    return false
  }

  /** Takes over a run that waits for that, by acknowledging a brief of it; twice now and then. */
  async takeOver(row: Row): Promise<boolean> {
    const { client, hub, random } = this.#options
    const [run, to] = [String(row['run']), handedTo(row)]
    if (to === undefined) return false
    hub.say(`${to} takes over ${run}`)
    for (let times = random.chance(0.2) ? 2 : 1; times > 0; times--)
      await this.#request(async () => {
        const { id, digest } = await client.brief(run)
        await client.acknowledge(id, { digest, by: to })
      })
    return true
  }

  async cancel(reason: string): Promise<void> {
    const handle = await this.#handle(this.rootId)
    this.isCancelled ||= !(await this.#hasEnded(this.rootId))
    this.#options.hub.say(`${this.rootId} is cancelled: ${reason}`)
    await this.#request(() => handle.cancel(reason))
  }

  /** Cancels the run if its program waits until somebody does. */
  async cancelHeld(): Promise<boolean> {
    const known = await this.known(this.rootId)
    if (this.isCancelled || known?.expected.status !== 'held') return false
    await this.cancel('nothing else would end it')
    return true
  }

  /** Once it is done: again, from a step in the middle. */
  async fork(): Promise<boolean> {
    const { hub, random } = this.#options
    const [row] = await hub.store.select('runs', { where: { run: this.rootId } })
    if (this.forkId !== undefined || row?.['status'] !== 'done') return false
    const steps: number[] = []
    for await (const page of hub.store.read(String(row['stream'])))
      for (const event of page) if (event.kind === 'step.completed') steps.push(event.seq)
    if (steps.length === 0) return false
    const at = random.pick(steps)
    const handle = await this.#handle(this.rootId)
    await this.#request(async () => (this.forkId = (await handle.fork({ at })).id))
    hub.say(`${this.rootId} is forked at ${at} as ${this.forkId}`)
    return true
  }

  /** What a run is to come to, from what it was started with. */
  async known(run: string): Promise<Known | undefined> {
    const { hub, program } = this.#options
    const before = this.runs.get(run)
    const [row] = await hub.store.select('runs', { where: { run }, columns: ['task'] })
    if (before || !row) return before
    const task = Number(String(row['task']).slice(1))
    const sent = new Map<string, number>()
    let input: Input | undefined
    for await (const page of hub.store.read(run)) {
      for (const event of page) {
        input ??= { ...(JSON.parse(event.body ?? '{}') as { input: Input }).input, chapter: 1 }
        // A fork's copied history has answers already.
        if (run !== this.forkId || event.kind !== 'wait.answered') continue
        const { message } = JSON.parse(event.body ?? '{}') as { message: string }
        const name = message.slice(0, message.lastIndexOf('#'))
        sent.set(name, (sent.get(name) ?? 0) + 1)
      }
    }
    if (!input) return undefined
    const known = { expected: expected(program, task, input), sent }
    this.runs.set(run, known)
    return known
  }

  async #hasEnded(run: string): Promise<boolean> {
    const where = { run, ended_at: { gt: 0 } }
    return (await this.#options.hub.store.select('runs', { where })).length > 0
  }

  async #handle(run: string): Promise<RunHandle> {
    const handle = await this.#request(() => this.#options.client.run(run))
    if (!handle) throw new Error(`The handle of ${run} could not be had in ${MOST_TRIES} tries.`)
    return handle
  }

  /** A request to a busy store is made again; one to a run that has ended is left. */
  async #request<T>(request: () => Promise<T>): Promise<T | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      try {
        return await request()
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'run_ended' || code === 'not_in_doubt' || code === 'brief_stale') return undefined
        if (code !== 'store_busy' && code !== 'store_full') throw error
      }
    }
    return undefined
  }
}

/** For whom a run waits that is handed over. */
export function handedTo(row: Row): string | undefined {
  const waits = JSON.parse(String(row['waiting'] ?? '[]')) as { kind: string; name: string }[]
  const names = waits.flatMap(({ kind, name }) => (kind === 'wait' ? (name.split(' › ').at(-1) ?? []) : []))
  return names.find((name) => name.startsWith(HANDED))?.slice(HANDED.length)
}

/** The operation in doubt under a name, and its idempotency key, as a person finds them in the run's history. */
async function doubtOf(handle: RunHandle, path: string) {
  const open = new Map<string, string>()
  for await (const event of handle.history()) {
    if (event.name !== path) continue
    const key = `${event.name}#${event.ordinal ?? 1}`
    if (event.kind === 'step.in_doubt') open.set(key, event.stream)
    else if (
      ['step.completed', 'step.failed', 'step.cleared', 'tool.returned', 'tool.failed'].includes(event.kind)
    )
      open.delete(key)
  }
  const [first] = open
  if (!first) return undefined
  const [key, stream] = first
  return { key, idempotencyKey: hash('sha256', `${stream}\0${key}`, 'base64url').slice(0, 32) }
}
