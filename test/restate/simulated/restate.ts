/**
 * Restate in this process and in simulated time: what a dispatcher may rely on, and nothing more. The same every time.
 *
 * M1. One call of an object at a time, in the order in which they came; a delayed one comes when the clock says so.
 * M2. A key that was seen before is no new call, until it is forgotten: as long after its call as the endpoint says (MANNER).
 * M3. A call whose handler throws, or whose worker is gone, silent or full, is made again after a pause, wherever one listens; and
 *     dropped after so many times.
 * M4. What a handler asked of Restate is kept. When its call is made again it is asked anew, and has to come to the same.
 *
 * Not here: the wire itself (HTTP, the SDK). test/restate/failover.test.ts and test/failover do that to a real one.
 */
import { MANNER } from '../../../src/dispatch/restate/endpoint.ts'
import { serviceName } from '../../../src/dispatch/restate/service-name.ts'
import type { Note } from '../../../src/dispatch/restate/standing.ts'
import type { Admin, Ingress, Route, Sent, WakeUp, Wire } from '../../../src/dispatch/restate/wire.ts'
import type { Ticks } from '../../../src/dispatch/ticks.ts'
import type { Clock } from '../../../src/log/index.ts'
import { lucky, type Fortune } from './fortune.ts'
import { Link, type Around, type Connection, type Handed, type Host } from './link.ts'

interface Call {
  readonly object: string
  readonly wake: { readonly store: string; readonly isLate: boolean }
  readonly key: string | undefined
  /** What was asked of Restate by the attempts so far (M4). */
  readonly journal: Command[]
  attempts: number
}

type Command =
  | { readonly ask: 'note'; readonly found: Note | null }
  | { readonly ask: 'leave'; readonly note: Note }
  | { readonly ask: 'clear' }
  | { readonly ask: 'again' }

/** A call on its way to a worker, or in its hands. */
interface Attempt {
  readonly call: Call
  readonly connection: Connection
  /** What is sent with it. */
  readonly known: readonly Command[]
  readonly left: Note | null
  /** As Restate sees it. */
  isOver: boolean
  handed?: Handed
}

export interface SimulatedRestateOptions {
  readonly clock: Clock
  readonly ticks: Ticks
  readonly fortune?: Fortune
  /** Which life of the store its wake-ups speak of. */
  readonly store?: string
  readonly say?: (what: string) => void
}

/** A call that was made again asked something else than before: it will never come to an end (M4). */
export class Mismatch extends Error {}

const ADDRESS = 'http://workers'
/** Connections with calls are looked after this often. */
const WATCH_MS = 250
const { retryPolicy: RETRIES, idempotencyRetention } = MANNER

export class SimulatedRestate {
  /** What objects keep: by service and run. */
  readonly state = new Map<string, Note>()
  /** Calls that were made, as `service/run`. */
  readonly calls: string[] = []
  /** Why handlers failed. */
  readonly failed: unknown[] = []
  /** Wake-ups that are lost on their way from now on: answered well, and forgotten. */
  loses = false
  /** It does not answer. */
  isDown = false
  readonly #options: SimulatedRestateOptions
  readonly #around: Around
  readonly #fortune: Fortune
  readonly #services = new Set<string>()
  readonly #links = new Set<Link>()
  readonly #lines = new Map<string, Call[]>()
  /** Until when each key is known. */
  readonly #keys = new Map<string, number>()
  readonly #attempts = new Set<Attempt>()
  #life = 0

  constructor(options: SimulatedRestateOptions) {
    this.#options = options
    this.#fortune = options.fortune ?? lucky
    this.#around = { ticks: options.ticks, fortune: this.#fortune, underWay: 0 }
  }

  /** Messages on their way. */
  get underWay(): number {
    return this.#around.underWay
  }

  get links(): readonly Link[] {
    return [...this.#links].filter(({ host }) => !host.isDead)
  }

  routeOf(host: Host): Route {
    const ingress = () => this.#ingressOf(host)
    return { store: this.#store, ingress, wire: () => Promise.resolve(this.wireOf(host)) }
  }

  wireOf(host: Host): Wire {
    let link: Link | undefined
    return {
      ingress: this.#ingressOf(host),
      admin: this.#adminOf(host),
      listen: async (endpoint) => {
        link = new Link(host, endpoint, this.#around)
        this.#links.add(link)
        return ADDRESS
      },
      drain: () => {
        if (link) link.isListening = false
      },
      close: async () => {
        if (!link) return
        this.#links.delete(link)
        link.close()
      },
    }
  }

  /** Whether a worker was called for a run, and has not been told that this is over. */
  isCalled(host: Host, run: string): boolean {
    return [...this.#links].some((link) => link.host === host && link.isCalled(run))
  }

  /** As a cluster that lost its disks: no call is left, and no key is known, nor any worker. */
  forget(): void {
    this.#hangUp()
    for (const attempt of this.#attempts) attempt.isOver = true
    this.#lines.clear()
    this.#keys.clear()
    this.#services.clear()
    this.state.clear()
    this.#life++
  }

  /** As a cluster that is not there for a while, and comes back with all it knew. */
  leaveFor(ms: number): void {
    this.isDown = true
    this.#hangUp()
    this.#options.ticks.after(ms, () => (this.isDown = false))
  }

  #hangUp(): void {
    for (const { connection } of this.#attempts) this.#lose(connection)
  }

  get #store(): string {
    return this.#options.store ?? 'life-1'
  }

  #ingressOf(host: Host): Ingress {
    return { send: (wakeUp) => host.ask(async () => this.#take(wakeUp)), close: () => {} }
  }

  #adminOf(host: Host): Admin {
    const answer = <T>(what: () => T): Promise<T> =>
      host.ask(async () => {
        this.#answer()
        return what()
      })
    const services = () => [...this.#services].map((name) => ({ name, deployment_id: 'dp_1' }))
    return {
      address: 'http://restate',
      deployments: () =>
        answer(() => (this.#services.size === 0 ? [] : [{ id: 'dp_1', uri: ADDRESS, services: services() }])),
      services: () => answer(services),
      register: () =>
        answer(() => {
          const [link] = this.links.filter(({ isListening, isThrough }) => isListening && isThrough)
          if (!link) throw new Error('no worker answers')
          for (const name of link.endpoint.services) this.#services.add(name)
        }),
    }
  }

  #answer(): void {
    if (this.isDown) throw new Error('Restate does not answer')
  }

  #take({ run, task, version, key, delayMs, isLate = false }: WakeUp): Sent {
    this.#answer()
    const service = serviceName(task, version)
    if (!this.#services.has(service)) return 'unknown'
    const fate = this.loses ? 'lost' : this.#fortune.taken()
    const wake = { store: this.#store, isLate }
    const object = `${service}/${run}`
    this.#say(`Restate is told of ${run}: ${key}${delayMs > 0 ? ` in ${delayMs}` : ''}, ${fate}`)
    if (fate === 'lost') return 'sent'
    const call = () => ({ object, wake, key: `${object}/${key}`, journal: [], attempts: 0 })
    if (!this.#isKnown(call().key)) this.#send(call(), delayMs)
    if (fate === 'doubled') this.#send(call(), delayMs)
    return 'sent'
  }

  #isKnown(key: string): boolean {
    return (this.#keys.get(key) ?? 0) > this.#options.clock.now()
  }

  #send(call: Call, delayMs: number): void {
    const { clock } = this.#options
    if (call.key !== undefined) this.#keys.set(call.key, Infinity)
    const life = this.#life
    const comes = () => void (life === this.#life && this.#enqueue(call))
    if (delayMs > 0) clock.at(clock.now() + Math.max(1, delayMs + this.#fortune.lateness()), comes)
    else comes()
  }

  #enqueue(call: Call): void {
    const line = this.#lines.get(call.object) ?? []
    this.#lines.set(call.object, line)
    if (line.push(call) === 1) this.#make(call)
  }

  /** The first of the line leaves. */
  #end(call: Call): void {
    const line = this.#lines.get(call.object)
    if (line?.[0] !== call) return
    line.shift()
    if (call.key !== undefined) this.#keys.set(call.key, this.#options.clock.now() + idempotencyRetention)
    if (line[0]) this.#make(line[0])
    else this.#lines.delete(call.object)
  }

  #make(call: Call): void {
    const open = this.isDown ? [] : [...this.#links].filter((one) => one.isListening && !one.host.isDead)
    const link = this.#fortune.choose(open)
    if (!link) return this.#later(call)
    const { connection } = link
    const left = this.state.get(call.object) ?? null
    const attempt: Attempt = { call, connection, known: [...call.journal], left, isOver: false }
    if (![...this.#attempts].some((one) => one.connection === connection)) this.#watch(connection)
    this.#attempts.add(attempt)
    connection.toWorker(() => this.#hand(attempt))
    const betrayal = this.#fortune.betrayal()
    if (betrayal)
      this.#options.ticks.after(betrayal.afterMs, () => this.#abandon(attempt, betrayal.toldAfterMs))
  }

  /** Again after a pause, or not at all. */
  #later(call: Call): void {
    if (!this.isDown && ++call.attempts >= RETRIES.maxAttempts) return this.#end(call)
    const { initialInterval, exponentiationFactor, maxInterval } = RETRIES
    const pauseMs = Math.min(maxInterval, Math.ceil(initialInterval * exponentiationFactor ** call.attempts))
    const life = this.#life
    this.#options.ticks.after(pauseMs, () => {
      if (life === this.#life) this.#make(call)
    })
  }

  #fail(attempt: Attempt): void {
    this.#attempts.delete(attempt)
    if (attempt.isOver) return
    attempt.isOver = true
    this.#later(attempt.call)
  }

  /** Another part of Restate goes on with this call; the worker does not know, for now. */
  #abandon(attempt: Attempt, toldAfterMs: number): void {
    if (attempt.isOver) return
    this.#say(`Restate gives up ${attempt.call.object} at ${attempt.connection.link.host.name}, which lives`)
    attempt.isOver = true
    this.#make(attempt.call)
    if (toldAfterMs === Infinity) return
    this.#options.ticks.after(toldAfterMs, () =>
      attempt.connection.toWorker(() => attempt.handed && attempt.connection.release(attempt.handed)),
    )
  }

  /** A connection is given up when the worker was not heard for too long. */
  #watch(connection: Connection): void {
    const { ticks } = this.#options
    const { link } = connection
    const patienceMs = this.#fortune.patienceMs()
    const showsDeath = this.#fortune.showsDeath()
    let heardAt = ticks.now()
    connection.lost = () => this.#lose(connection)
    const look = () => {
      if (connection.isGivenUp || ![...this.#attempts].some((one) => one.connection === connection)) return
      if (link.isThrough && !link.host.isDead) heardAt = ticks.now()
      if ((link.host.isDead && showsDeath) || ticks.now() - heardAt > patienceMs) this.#lose(connection)
      else ticks.after(WATCH_MS, look)
    }
    ticks.after(WATCH_MS, look)
  }

  #lose(connection: Connection): void {
    if (!connection.isGivenUp) this.#say(`Restate has lost ${connection.link.host.name}`)
    connection.giveUp()
    for (const attempt of this.#attempts) if (attempt.connection === connection) this.#fail(attempt)
  }

  /** The call is there. */
  #hand(attempt: Attempt): void {
    const { call, connection, known, left } = attempt
    const { link } = connection
    const over = link.isListening ? link.endpoint.enter(connection) : undefined
    if (!over) return connection.toRestate(() => this.#fail(attempt))
    const [, run = ''] = call.object.split('/')
    const handed: Handed = { controller: new AbortController(), over, run }
    attempt.handed = handed
    connection.handed.add(handed)
    this.calls.push(call.object)
    this.#say(`${link.host.name} is called for ${run}: ${call.key ?? 'again'}`)
    let asked = 0
    const ask = (command: Command): Command => {
      const before = known[asked++]
      if (before && before.ask !== command.ask)
        throw new Mismatch(`"${command.ask}" was asked where "${before.ask}" was before`)
      if (!before) connection.toRestate(() => this.#note(attempt, command))
      return before ?? command
    }
    void link.endpoint
      .advance({
        run,
        wake: call.wake,
        idempotencyKey: call.key,
        signal: handed.controller.signal,
        note: async () => {
          const answer = ask({ ask: 'note', found: left })
          return answer.ask === 'note' ? answer.found : null
        },
        leave: (note) => void ask({ ask: 'leave', note }),
        clear: () => void ask({ ask: 'clear' }),
        again: () => void ask({ ask: 'again' }),
      })
      .then(
        () => {
          this.#say(`${link.host.name} is done with its call for ${run}`)
          connection.alsoToRestate(() => this.#done(attempt))
        },
        (error: unknown) => {
          this.failed.push(error)
          this.#say(`the call for ${run} fails at ${link.host.name}: ${String(error)}`)
          connection.toRestate(() => this.#fail(attempt))
        },
      )
      .finally(() => connection.release(handed))
  }

  /** A handler asked something, which counts from then on. */
  #note({ isOver, call }: Attempt, command: Command): void {
    if (isOver) return
    call.journal.push(command)
    if (command.ask === 'leave') this.state.set(call.object, command.note)
    if (command.ask === 'clear') this.state.delete(call.object)
    if (command.ask === 'again') this.#send({ ...call, key: undefined, journal: [], attempts: 0 }, 0)
  }

  #done(attempt: Attempt): void {
    this.#attempts.delete(attempt)
    if (attempt.isOver) return
    attempt.isOver = true
    this.#end(attempt.call)
  }

  #say(what: string): void {
    this.#options.say?.(what)
  }
}
