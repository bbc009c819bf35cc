import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'throughline-memory-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const order = task({
  name: 'ordering',
  run: (ctx, total: number) =>
    ctx.checkpoint('order', { total }).then(
      () => 'passed',
      (error: { code?: string }) => error.code,
    ),
})

/** The same ids on both: what answers equally well comes in their order. */
function counted() {
  const last = new Map<string, number>()
  return (prefix: string) => {
    const next = (last.get(prefix) ?? 0) + 1
    last.set(prefix, next)
    return `${prefix}_${String(next).padStart(6, '0')}`
  }
}

/** What memory comes to on a store. */
async function story(tl: Throughline) {
  const about = { subject: 'vendor:acme', scope: 'purchasing' }
  const first = await tl.memory.decide({
    ...about,
    choice: 'excluded',
    because: 'No audit report was to be had',
  })
  const second = await tl.memory.decide({ ...about, choice: 'included', because: 'The report arrived' })
  const conflicts = (await tl.memory.conflicts()).map(({ items }) => items.map(({ value }) => value))
  const before = new Date()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      tl.memory.withdraw(first.id, { because: 'replaced', by: `writer ${n}`, version: 1 }),
    ),
  )
  await tl.memory.remember({
    kind: 'constraint',
    subject: 'budget',
    statement: 'No order over 1000',
    rule: { target: 'order', forbid: 'value.total > 1000' },
  })
  for (let n = 0; n < 30; n++)
    await tl.memory.remember({
      kind: 'fact',
      subject: `vendor:${n}`,
      statement: `Vendor ${n} has sent report ${n % 7}`,
    })
  const found = await tl.memory.recall({ query: 'audit report 3', limit: 8 })
  const outcomes = await Promise.all([500, 1500].map(async (n) => (await tl.start(order, n)).result()))
  const believed = await tl.memory.asOf(before, { scope: 'purchasing' })
  return {
    told: second.conflicts.length,
    conflicts,
    won: tries.filter(({ status }) => status === 'fulfilled').length,
    found: found.map(({ item, score }) => [item.id, item.statement, score]),
    outcomes,
    believed: believed.map(({ value, status }) => [value, status]),
    versions: (await tl.memory.history(first.id)).map(({ status }) => status),
    breaks: (await tl.verify()).breaks,
  }
}

test('memory is the same on a file and on Postgres', async () => {
  await using file = await open({ store: 'memory:', tasks: [order], ids: counted() })
  await using server = await open({ store: await freshSchema(), tasks: [order], ids: counted() })
  const [here, there] = [await story(file), await story(server)]
  expect(there).toEqual(here)
  expect(here).toMatchObject({ told: 1, won: 1, outcomes: ['passed', 'decision_conflict'], breaks: [] })
  expect(here.conflicts).toEqual([['excluded', 'included']])
})

/** What keeping memory up comes to on a store. */
async function upkeep(tl: Throughline) {
  const fact = (subject: string, more: object = {}) =>
    tl.memory.remember({ kind: 'fact', subject, statement: `About ${subject}`, scope: 'acme', ...more })
  const ground = await fact('ground')
  const on = await fact('on', { links: [{ type: 'derived_from', to: ground.id }] })
  await fact('above', { links: [{ type: 'depends_on', to: on.id }] })
  await fact('gone', { validTo: new Date('2020-01-01') })
  await fact('stale', { reviewAt: new Date('2020-01-01'), dueAt: new Date('2020-01-01') })
  // At the same moment: whoever comes late is told, or found.
  const [, ...late] = await Promise.all([
    tl.memory.withdraw(ground.id, { because: 'a rumour' }),
    ...Array.from({ length: 8 }, (_, n) =>
      fact(`late ${n}`, { links: [{ type: 'derived_from', to: ground.id }] }),
    ),
  ])
  const flagged = new Set((await tl.memory.flags()).map(({ item }) => item))
  const missed = late.filter(({ id }) => !flagged.has(id)).length
  await tl.memory.review(on.id, { because: 'it holds' })
  const { at: _at, ...profile } = await tl.memory.profile('acme')
  const lines = await Array.fromAsync(tl.memory.export())
  const markdown = await Array.fromAsync(tl.memory.export({ scope: 'acme', format: 'markdown' }))
  const edited = markdown.map((line) => line.replace('About above', 'Above all'))
  const { changes } = await tl.memory.import(edited, { by: 'bo' })
  return {
    missed,
    lines,
    told: {
      live: profile.live.count,
      due: profile.due.count,
      stale: profile.stale.count,
      expired: profile.expired.count,
      flagged: profile.flagged.count,
    },
    markdown: markdown.length,
    changes: changes.map(({ what, fields, version }) => [what, fields, version]),
    breaks: (await tl.verify()).breaks,
  }
}

test('memory is kept up the same on a file and on Postgres, and goes from one to the other', async () => {
  await using file = await open({ store: 'memory:', ids: counted() })
  await using server = await open({ store: await freshSchema(), ids: counted() })
  const [here, there] = [await upkeep(file), await upkeep(server)]
  const withoutTimes = ({ lines, ...rest }: typeof here) => ({ ...rest, lines: lines.length })
  expect(withoutTimes(there)).toEqual(withoutTimes(here))
  expect(here).toMatchObject({
    missed: 0,
    told: { live: 11, due: 1, stale: 1, expired: 1, flagged: 9 },
    changes: [['changed', ['statement'], 2]],
    breaks: [],
  })
  await using third = await open({ store: await freshSchema() })
  await third.memory.import(here.lines, { by: 'cy' })
  expect(await Array.fromAsync(third.memory.export())).toEqual(here.lines)
  await third.rebuild()
  expect(await third.memory.import(here.lines)).toMatchObject({ changes: [] })
})

test('of what one process records upon an item while another withdraws it, nothing slips through', async () => {
  const store = await freshSchema()
  await using one = await open({ store, worker: false })
  await using other = await open({ store, worker: false })
  const fact = { kind: 'fact', subject: 'x', statement: 'so' } as const
  for (let round = 0; round < 15; round++) {
    const { id } = await one.memory.remember(fact)
    const links = [{ type: 'derived_from', to: id }] as const
    const [, ...late] = await Promise.all([
      one.memory.withdraw(id, { because: 'a rumour' }),
      ...Array.from({ length: 4 }, () => other.memory.remember({ ...fact, links })),
    ])
    const flags = await one.memory.flags(late.map((kept) => kept.id))
    expect(flags.map(({ origin }) => origin)).toEqual(late.map(() => id))
  }
})

test('a thread finds the same ids in the same order on both', async () => {
  await using file = await open({ store: join(folder, 'm.db'), ids: counted(), worker: false })
  await using server = await open({ store: await freshSchema(), ids: counted(), worker: false })
  const questions = ['audit report 3', 'bookkeeping auditors', 'vendr', 'physician nurse', 'report 17']
  const answers = await Promise.all(
    [file, server].map(async (tl) => {
      for (let n = 0; n < 24; n++)
        await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            tl.memory.remember({
              kind: 'fact',
              subject: `vendor:${n * 50 + i}`,
              statement: `${['The doctor saw a patient:', 'The accountant audits the', 'Vendor has sent'][i % 3]} report ${n * 50 + i}`,
            }),
          ),
        )
      const found = []
      for (const query of questions)
        found.push(
          (await tl.memory.recall({ query, limit: 20 })).map(({ item, score }) => [item.statement, score]),
        )
      const { id } = await tl.memory.remember({ kind: 'fact', subject: 'x', statement: 'A quuxotic zebra' })
      expect((await tl.memory.recall({ query: 'quuxotic' })).map(({ item }) => item.id)).toEqual([id])
      return found
    }),
  )
  expect(answers[1]).toEqual(answers[0])
  expect(answers[0]?.every((found) => found.length > 0)).toBe(true)
})
