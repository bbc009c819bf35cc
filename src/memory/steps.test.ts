import { expect, test } from 'vitest'
import { open } from '../index.ts'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const pricing = task({
  name: 'pricing',
  async run(ctx, names: string[]) {
    const passed: string[] = []
    for (const name of names) {
      const one = ctx.step(`price:${name}`, () => ({ name, price: 10 }))
      passed.push(
        await one.then(({ name: of }) => of).catch((error: { code?: string }) => error.code ?? 'unknown'),
      )
    }
    return passed
  },
})
const about = (target: string) => ({
  subject: 'vendor:acme',
  choice: 'excluded',
  because: 'No report',
  scope: 'purchasing',
  rule: { target, forbid: "value.name == 'acme'" },
})

test.each(['price:acme', 'price:*', '*:acme'])(
  'what a step gives is bound by rules about "%s"',
  async (target) => {
    const bed = await testbed({ tasks: [pricing] })
    const run = await bed.start(pricing, ['acme', 'bolt'], { scope: 'purchasing' })
    await bed.settle()
    expect(await run.result()).toEqual(['acme', 'bolt'])
    await bed.tl.memory.decide(about(target))
    const later = await bed.start(pricing, ['acme', 'bolt'], { scope: 'purchasing' })
    const elsewhere = await bed.start(pricing, ['acme'], { scope: 'office' })
    await bed.settle()
    expect(await later.result()).toEqual(['decision_conflict', 'bolt'])
    expect(await elsewhere.result()).toEqual(['acme'])
    // A conflict is an outcome: a replay is told it again, though the rule is gone by then.
    const [item] = (await bed.tl.memory.list({ scope: 'purchasing' })).items
    await bed.tl.memory.withdraw(item?.id ?? '', { because: 'It came' })
    const again = await bed.start(pricing, ['acme'], { scope: 'purchasing' })
    await bed.settle()
    expect(await again.result()).toEqual(['acme'])
    await bed.close()
  },
)

test('a rule that another process made binds within a second', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-steps-'))
  const store = `file:${join(folder, 'a.db')}`
  const slow = task({
    name: 'slow',
    async run(ctx) {
      await ctx.step('price:acme', () => ({ name: 'acme' }))
      await ctx.sleep('a while', 1200)
      return ctx.step('price:acme', () => ({ name: 'acme' })).catch((error: { code?: string }) => error.code)
    },
  })
  const tl = await open({ store, tasks: [slow] })
  const run = await tl.start(slow, {}, { scope: 'purchasing' })
  const other = await open({ store, worker: false })
  while ((await run.status()) !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 10))
  await other.memory.decide(about('price:*'))
  expect(await run.result()).toBe('decision_conflict')
  await other.close()
  await tl.close()
  rmSync(folder, { recursive: true })
})
