/**
 * A worker as Restate reaches it, and the connection between them.
 *
 * C1. What is sent gets there in the order in which it was sent; not while the worker stands still or the connection is silent, and
 *     never, if the worker died before or the connection has ended.
 * C2. Either end may believe that a connection lives which the other has given up.
 */
import type { Ticks } from '../../../src/dispatch/ticks.ts'
import type { Endpoint } from '../../../src/dispatch/restate/endpoint.ts'
import type { Line } from '../../../src/dispatch/restate/wire.ts'
import type { Fortune } from './fortune.ts'

/** The process a worker lives in. */
export interface Host {
  readonly name: string
  readonly isDead: boolean
  /** Neither stopped nor cut off. */
  readonly isReached: boolean
  /** Resolves once that is so; never, when it has died. */
  reached(): Promise<void>
  /** Its way to ask something: late, lost, or answered in vain. */
  ask<T>(question: () => Promise<T>): Promise<T>
}

export interface Around {
  readonly ticks: Ticks
  readonly fortune: Fortune
  /** How many messages are on their way, signs of life aside. */
  underWay: number
}

export class Link {
  readonly host: Host
  readonly endpoint: Endpoint
  /** Takes calls. */
  isListening = true
  /** Nothing gets through until then. */
  silentUntil = 0
  readonly #around: Around
  #connections: Connection[] = []

  constructor(host: Host, endpoint: Endpoint, around: Around) {
    this.host = host
    this.endpoint = endpoint
    this.#around = around
  }

  get isThrough(): boolean {
    return this.host.isReached && this.#around.ticks.now() >= this.silentUntil
  }

  /** The connection that lives, as far as Restate knows, or a new one. */
  get connection(): Connection {
    this.#connections = this.#connections.filter(({ destroyed }) => !destroyed)
    const known = this.#connections.find(({ isGivenUp }) => !isGivenUp)
    if (known) return known
    const connection = new Connection(this, this.#around)
    this.#connections.push(connection)
    return connection
  }

  /** As the worker sees it. */
  isCalled(run: string): boolean {
    return this.#connections.some(({ handed }) => [...handed].some((one) => one.run === run))
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  /** Resolves once what is sent gets through. */
  async through(): Promise<void> {
    while (!this.isThrough || this.host.isDead) {
      if (this.host.isDead) await new Promise(() => {})
      await this.host.reached()
      const ms = this.silentUntil - this.#around.ticks.now()
      if (ms > 0) await new Promise<void>((resolve) => this.#around.ticks.after(ms, resolve))
    }
  }
}

/** A call in the hands of a worker. */
export interface Handed {
  readonly controller: AbortController
  readonly over: () => void
  readonly run: string
}

export class Connection implements Line {
  readonly link: Link
  readonly #around: Around
  /** As the worker sees it. */
  destroyed = false
  /** As Restate sees it. */
  isGivenUp = false
  isGoodbyeSaid = true
  /** Told once Restate knows that it is over. */
  lost: () => void = () => {}
  readonly handed = new Set<Handed>()
  readonly #closed: (() => void)[] = []
  readonly #pings = new Set<(error: Error | null) => void>()
  #arrivesAt = 0

  constructor(link: Link, around: Around) {
    this.link = link
    this.#around = around
    link.endpoint.add(this)
  }

  once(_: 'close', heard: () => void): void {
    this.#closed.push(heard)
  }

  ping(answered: (error: Error | null) => void): boolean {
    if (this.destroyed) return false
    this.#pings.add(answered)
    const back = () => this.#pings.delete(answered) && answered(null)
    this.toRestate(() => (this.isGivenUp ? this.#sayGoodbye() : this.toWorker(back, false)), false)
    return true
  }

  /** The worker's end is closed. */
  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    for (const heard of this.#closed.splice(0)) heard()
    for (const one of [...this.handed]) this.release(one)
    for (const answered of this.#pings) answered(new Error('the connection has ended'))
    this.#pings.clear()
    this.toRestate(() => this.lost())
  }

  /** Restate's end is closed: the worker may be told. */
  giveUp(): void {
    if (this.isGivenUp) return
    this.isGivenUp = true
    this.isGoodbyeSaid = this.#around.fortune.saysGoodbye()
    this.#sayGoodbye()
  }

  /** This call is over, for the worker. */
  release(one: Handed): void {
    if (!this.handed.delete(one)) return
    one.over()
    one.controller.abort()
  }

  toWorker(arrive: () => void, isNews = true): void {
    this.#travel(() => void this.link.through().then(() => !this.destroyed && arrive()), isNews)
  }

  toRestate(arrive: () => void, isNews = true): void {
    void this.link.through().then(() => this.#travel(arrive, isNews))
  }

  /** Right behind what was sent last. */
  alsoToRestate(arrive: () => void): void {
    void this.link.through().then(() => this.#travel(arrive, true, 0))
  }

  #sayGoodbye(): void {
    if (this.isGoodbyeSaid) this.toWorker(() => this.destroy())
  }

  #travel(arrive: () => void, isNews: boolean, tripMs = this.#around.fortune.trip()): void {
    const { ticks } = this.#around
    this.#arrivesAt = Math.max(this.#arrivesAt, ticks.now() + tripMs)
    if (isNews) this.#around.underWay++
    ticks.after(Math.max(0, this.#arrivesAt - ticks.now()), () => {
      if (isNews) this.#around.underWay--
      arrive()
    })
  }
}
