/**
 * What any store must do to carry runs: a suite to be run on a real one, with whatever test runner is at hand.
 *
 * @example
 * import { expect, test } from 'vitest'
 * storeContract({ name: 'my store', test, expect, open: (projections, clock) => openMyStore({ projections, clock }) })
 */
import {
  encode,
  kind,
  bodyOf,
  type Clock,
  type Log,
  type NewEvent,
  type Projection,
  type StoredEvent,
} from '../log/index.ts'

/** The part of a test runner that the suite needs; vitest's and jest's fit. */
export interface ContractOptions {
  readonly name: string
  readonly test: (name: string, run: () => Promise<void>) => unknown
  // Matchers differ between runners in ways that do not matter here; the suite uses the four named.
  readonly expect: (value: unknown) => {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    readonly rejects: { toMatchObject(expected: object): Promise<void> }
  }
  /** A fresh, empty store with these projections, by this clock. */
  readonly open: (projections: readonly Projection[], clock: Clock) => Log | Promise<Log>
}

const counted = kind<{ readonly n: number; readonly unique?: string }>('contract.counted')

function countsBy(mode: 'inline' | 'lagging'): Projection {
  const table = `${mode}_counts`
  return {
    name: table,
    version: 1,
    mode,
    kinds: [counted.name],
    tables: { [table]: { columns: { id: 'text', n: 'integer', extra: 'integer' }, key: ['id'] } },
    apply(event) {
      const { n, unique } = bodyOf(counted, event)
      if (event.stream.startsWith('sum'))
        return [{ add: table, by: { n, extra: 1 }, where: { id: event.stream } }]
      return [
        unique === undefined
          ? { put: table, row: { id: event.stream, n } }
          : { insert: table, row: { id: unique, n } },
      ]
    },
  }
}

const event = (n: number, unique?: string): NewEvent => ({
  kind: counted.name,
  version: 1,
  body: encode(unique === undefined ? { n } : { n, unique }),
})

export function storeContract({ name, test, expect, open }: ContractOptions): void {
  const it = (what: string, run: (log: Log, time: { now: number }) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const time = { now: 1_000_000 }
      const log = await open([countsBy('inline'), countsBy('lagging')], {
        now: () => time.now,
        at: () => () => {},
      })
      await run(log, time)
      await log.close()
    })
  const events = async (log: Log, stream: string): Promise<StoredEvent[]> =>
    (await Array.fromAsync(log.read(stream))).flat()
  const create = (log: Log, stream: string, n = 1) =>
    log.commit({ appends: [{ stream, expected: { new: true, epoch: 1 }, events: [event(n)] }] })

  it('a commit goes into all the streams it names, or into none', async (log) => {
    await create(log, 'a')
    const both = {
      appends: [
        { stream: 'b', expected: { new: true as const }, events: [event(1)] },
        { stream: 'a', expected: { new: true as const }, events: [event(2)] },
      ],
    }
    await expect(log.commit(both)).rejects.toMatchObject({ code: 'already_there' })
    expect(await log.head('b')).toBe(undefined)
    expect((await log.select('inline_counts', {})).length).toBe(1)
  })

  it('the successor wins, always: a former owner is refused, more than once, and its neighbours are not', async (log) => {
    await create(log, 'run')
    await create(log, 'neighbour')
    await log.commit({ appends: [{ stream: 'run', expected: { claim: 1 }, events: [event(2)] }] })
    const late = () =>
      log.commit({ appends: [{ stream: 'run', expected: { epoch: 1 }, events: [event(9)] }] }).then(
        () => 'in',
        () => 'refused',
      )
    const beside = () =>
      log.commit({ appends: [{ stream: 'neighbour', expected: { epoch: 1 }, events: [event(3)] }] }).then(
        () => 'in',
        () => 'refused',
      )
    expect(await Promise.all([late(), beside(), late(), beside()])).toEqual([
      'refused',
      'in',
      'refused',
      'in',
    ])
    await log.commit({ appends: [{ stream: 'run', expected: { epoch: 2 }, events: [event(4)] }] })
    expect((await events(log, 'run')).map((one) => bodyOf(counted, one).n)).toEqual([1, 2, 4])
  })

  it('of two who take a stream over at once, one does', async (log) => {
    await create(log, 'run')
    const claim = () =>
      log.commit({ appends: [{ stream: 'run', expected: { claim: 1 }, events: [event(2)] }] }).then(
        () => 1,
        () => 0,
      )
    const claims = await Promise.all([claim(), claim(), claim()])
    expect(claims.reduce((a, b) => a + b, 0)).toBe(1)
    expect((await log.head('run'))?.epoch).toBe(2)
  })

  it('anyone may write to a shared stream, in the order of asking', async (log) => {
    const writes = Array.from({ length: 50 }, (_, n) =>
      log.commit({ appends: [{ stream: 'shared', expected: 'any', events: [event(n)] }] }),
    )
    await Promise.all(writes)
    expect((await events(log, 'shared')).map((one) => bodyOf(counted, one).n)).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    )
  })

  it('of many who write on the condition that a stream stands where they read it, one does', async (log) => {
    const write = (seq: number) =>
      log.commit({ appends: [{ stream: 'scope', expected: { seq }, events: [event(seq)] }] }).then(
        () => 'in',
        (error: unknown) => (error as { code?: string }).code,
      )
    expect(await Promise.all([write(0), write(0), write(1)])).toEqual(['in', 'stream_moved', 'in'])
    expect((await log.head('scope'))?.seq).toBe(2)
  })

  it('of changes asked for at once, each is judged after those before it, and before those behind it', async (log) => {
    const write = (expected: 'any' | { seq: number }) =>
      log.commit({ appends: [{ stream: 'scope', expected, events: [event(1)] }] }).then(
        ({ firstSeq }) => firstSeq[0],
        (error: unknown) => (error as { code?: string }).code,
      )
    const told = await Promise.all([write('any'), write({ seq: 2 }), write('any'), write({ seq: 2 })])
    expect(told).toEqual([1, 'stream_moved', 2, 3])
  })

  it('a row that is taken refuses the whole commit', async (log) => {
    const write = (stream: string) =>
      log.commit({ appends: [{ stream, expected: 'any', events: [event(1), event(2, 'taken')] }] })
    await write('a')
    await expect(write('b')).rejects.toMatchObject({ code: 'already_there' })
    expect(await log.head('b')).toBe(undefined)
  })

  it('a guarded commit is refused when the row is there', async (log) => {
    await create(log, 'a', 7)
    const guarded = (n: number) =>
      log.commit({
        appends: [{ stream: 'a', expected: { epoch: 1 }, events: [event(8)] }],
        unless: [{ table: 'inline_counts', where: { n: { gte: n } } }],
      })
    await expect(guarded(7)).rejects.toMatchObject({ code: 'guard_failed' })
    await guarded(9)
    expect((await log.head('a'))?.seq).toBe(2)
  })

  it('of many who add to one row at once, as many as fit get in: never one more', async (log) => {
    const add = (n: number) =>
      log
        .commit({
          appends: [{ stream: 'sum', expected: 'any', events: [event(n)] }],
          unless: [{ table: 'inline_counts', where: { id: 'sum', n: { gt: 100 - n } } }],
        })
        .then(
          () => 'in',
          (error: unknown) => (error as { code?: string }).code,
        )
    const told = await Promise.all(Array.from({ length: 20 }, () => add(9)))
    expect(told.filter((one) => one === 'in').length).toBe(11)
    expect(new Set(told)).toEqual(new Set(['in', 'guard_failed']))
    expect(await log.select('inline_counts', {})).toEqual([{ id: 'sum', n: 99, extra: 11 }])
    expect([await add(-50), await add(9)]).toEqual(['in', 'in'])
    await log.rebuild()
    expect((await log.select('inline_counts', { columns: ['n'] }))[0]).toEqual({ n: 58 })
  })

  it('positions rise by commit, and time never goes back though the clock does', async (log, time) => {
    await create(log, 'a')
    time.now -= 500_000
    await create(log, 'b')
    const [a, b] = [(await events(log, 'a'))[0], (await events(log, 'b'))[0]]
    expect((b?.position ?? 0) > (a?.position ?? 0)).toBe(true)
    expect((b?.at ?? 0) >= (a?.at ?? 0)).toBe(true)
  })

  it('events are given by position in the order asked, and those that are not there are left out', async (log) => {
    for (const stream of ['a', 'b', 'c']) await create(log, stream)
    const at = async (stream: string) => (await events(log, stream))[0]?.position ?? 0
    const [a, b, c] = [await at('a'), await at('b'), await at('c')]
    const found = await log.eventsAt([c, await log.position(), 9_999_999, a, b])
    expect(found.map(({ stream }) => stream)).toEqual(['c', 'c', 'a', 'b'])
    expect((await log.eventsAt([])).length).toBe(0)
  })

  it('whoever asks after a commit resolved, or was refused, sees what it was refused for', async (log) => {
    const [position, rows] = [await log.position(), await log.select('inline_counts', {})]
    expect([position, rows.length]).toEqual([0, 0])
    const { position: written } = await create(log, 'a')
    expect((await log.position()) >= written).toBe(true)
    await create(log, 'a').catch(() => {})
    expect([(await log.head('a'))?.seq, (await log.heads()).length]).toEqual([1, 1])
    expect((await log.select('inline_counts', { where: { id: 'a' } })).length).toBe(1)
  })

  it('a stream may go on where another ended, and both verify', async (log) => {
    await create(log, 'first')
    await log.commit({
      appends: [{ stream: 'second', expected: { new: true }, continues: 'first', events: [event(2)] }],
    })
    const verdict = await log.verify()
    expect([verdict.breaks.length, verdict.events]).toEqual([0, 2])
    expect((await log.head('second'))?.continues?.stream).toBe('first')
  })

  it('large bodies come back whole', async (log) => {
    const large = 'ü'.repeat(200_000)
    const body = encode({ n: 1, unique: large })
    await log.commit({
      appends: [{ stream: 'a', expected: 'any', events: [{ kind: 'contract.large', version: 1, body }] }],
    })
    expect((await events(log, 'a'))[0]?.body).toBe(body)
    expect((await log.verify()).breaks.length).toBe(0)
  })

  it('a body over the limit is refused, with its size', async (log) => {
    const body = 'x'.repeat(log.maxBodyBytes + 1)
    const change = {
      appends: [
        { stream: 'a', expected: 'any' as const, events: [{ kind: 'contract.large', version: 1, body }] },
      ],
    }
    await expect(log.commit(change)).rejects.toMatchObject({ code: 'body_too_large' })
  })

  it('projections rebuilt from the events are the same, and a lagging one says how far it is', async (log) => {
    for (let n = 0; n < 20; n++)
      await log.commit({ appends: [{ stream: `s${n % 7}`, expected: 'any', events: [event(n)] }] })
    expect((await log.select('lagging_counts', {})).length).toBe(0)
    expect((await log.catchUp())['lagging_counts']).toBe(await log.position())
    const rowsOf = async (table: string) =>
      (await log.select(table, { order: ['id'] })).map((row) => [row['id'], row['n']])
    const rows = () => Promise.all([rowsOf('inline_counts'), rowsOf('lagging_counts')])
    const before = await rows()
    expect(before[0]).toEqual(before[1])
    expect((await log.rebuild()).events).toBe(20)
    expect(await rows()).toEqual(before)
  })

  it('a follower sees every event once, in order, from before and from now on', async (log) => {
    await create(log, 'before')
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const one of log.follow(0, stop.signal)) {
        seen.push(one.position)
        if (seen.length === 11) stop.abort()
      }
    })()
    for (let n = 0; n < 10; n++)
      await log.commit({ appends: [{ stream: 'after', expected: 'any', events: [event(n)] }] })
    await following
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(new Set(seen).size).toBe(11)
  })

  it('what is pruned is gone, its head stays, and everything verifies', async (log) => {
    await create(log, 'old')
    await create(log, 'kept')
    expect((await log.prune(['old', 'never was'])).events).toBe(1)
    const verdict = await log.verify()
    expect([verdict.breaks.length, verdict.pruned]).toEqual([0, 1])
    expect((await log.head('old'))?.isPruned).toBe(true)
    expect((await events(log, 'old')).length).toBe(0)
    await expect(create(log, 'old')).rejects.toMatchObject({ code: 'already_there' })
  })

  it('streams restored elsewhere keep their hashes; a changed one is refused whole', async (log) => {
    await create(log, 'a')
    await log.commit({ appends: [{ stream: 'a', expected: { epoch: 1 }, events: [event(2)] }] })
    const [heads, recorded] = [await log.heads(), await events(log, 'a')]
    const other = await open([countsBy('inline'), countsBy('lagging')], { now: () => 5, at: () => () => {} })
    const changed = recorded.map((one, i) => (i === 1 ? { ...one, at: one.at + 1 } : one))
    await expect((async () => other.restore({ heads, events: changed }))()).rejects.toMatchObject({
      code: 'chain_broken',
    })
    expect(await other.head('a')).toBe(undefined)
    await other.restore({ heads, events: recorded })
    expect((await other.verify()).digest).toBe((await log.verify()).digest)
    expect((await other.select('inline_counts', {})).length).toBe(1)
    await other.close()
  })
}
