/** One task that runs any program, and looks after every value it is handed: an outcome that reached another step shows at once. */
import { task, WaitTimedOut, type AnyTask, type Context } from 'throughline'
import { expected, type Operation, type Program, type Scenario } from './program.ts'
import type { World } from './world.ts'

export function simulated(world: World): { readonly main: AnyTask; readonly child: AnyTask } {
  const child = task({ name: 'child', run: (ctx, input) => interpret(ctx, input as Program) })

  async function interpret(ctx: Context, program: Program): Promise<unknown[]> {
    const results: unknown[] = []
    for (const operation of program) results.push(await perform(ctx, operation))
    return results
  }

  function same(value: unknown, id: string): string {
    if (value !== id) world.fault(`${id} was handed ${JSON.stringify(value)}`)
    return String(value)
  }

  async function perform(ctx: Context, operation: Operation): Promise<unknown> {
    const { id } = operation
    switch (operation.op) {
      case 'step':
        return same(
          await ctx.step(
            id,
            ({ attempt }) => (attempt <= operation.failures ? Promise.reject(new Error('not yet')) : id),
            { retry: { attempts: 3, initial: '10s' } },
          ),
          id,
        )
      case 'fails':
        return ctx
          .step(id, () => {
            throw new RangeError(id)
          })
          .then(
            () => 'no failure',
            (error: unknown) => same(error instanceof RangeError ? error.message : 'another class', id),
          )
      case 'once':
        return once(ctx, operation)
      case 'undoable':
        return same(
          await ctx.step(id, () => id, { compensate: (value) => void world.undone.push(value) }),
          id,
        )
      case 'sleep':
        await ctx.sleep(id, operation.ms)
        return id
      case 'wait':
        return same(await ctx.wait(id), `message ${id}`)
      case 'nobody':
        return ctx.wait(id, { timeout: operation.ms }).then(
          () => 'somebody',
          (error: unknown) => (error instanceof WaitTimedOut ? id : 'another error'),
        )
      case 'plain':
        for (let i = 0; i < operation.turns; i++) await new Promise(setImmediate)
        return id
      case 'repeat': {
        const all: string[] = []
        for (let i = 0; i < operation.times; i++)
          all.push(same(await ctx.step(id, () => `${id} ${i}`), `${id} ${i}`))
        return all
      }
      case 'map':
        return ctx.map(id, operation.branches, (branch, program) => interpret(branch, program), {
          concurrency: 2,
        })
      case 'all': {
        const branches = Object.fromEntries(
          operation.branches.map((program, i) => [`b${i}`, (branch: Context) => interpret(branch, program)]),
        )
        return Object.values(await ctx.all(branches, { name: id }))
      }
      case 'side':
        return Promise.all(operation.branches.map((program) => interpret(ctx, program)))
      case 'race':
        return race(ctx, operation)
      case 'call':
        return ctx.call(child as never, operation.body as never, { name: id })
      case 'spawn':
        await ctx.spawn(child as never, operation.body as never, { name: id })
        return id
    }
  }

  async function once(ctx: Context, operation: Operation & { readonly op: 'once' }): Promise<string> {
    const { id, reconciles, throws } = operation
    const value = await ctx.step(
      id,
      async () => {
        world.happen(id)
        await new Promise(setImmediate)
        if (throws && world.try(id) === 1) {
          world.thrown++
          throw new Error('after the effect')
        }
        return id
      },
      {
        effect: 'once',
        ...(reconciles
          ? {
              reconcile: () =>
                world.has(id) ? { done: true as const, value: id } : { done: false as const },
            }
          : {}),
      },
    )
    return same(value, id)
  }

  async function race(ctx: Context, operation: Operation & { readonly op: 'race' }): Promise<string> {
    const { winner, value } = await ctx.race(
      {
        fast: (branch) => interpret(branch, operation.fast),
        slow: async (branch) => {
          await branch.sleep(`${operation.id} late`, '3h')
          return interpret(branch, operation.slow)
        },
      },
      { name: operation.id },
    )
    const wanted = JSON.stringify(expected(winner === 'fast' ? operation.fast : operation.slow))
    if (JSON.stringify(value) !== wanted)
      world.fault(`race ${operation.id} gave ${JSON.stringify(value)} for ${String(winner)}`)
    return operation.id
  }

  const main = task({
    name: 'main',
    async run(ctx, input) {
      const { scenario, chapter } = input as { scenario: Scenario; chapter: number }
      const results = await interpret(ctx, scenario.chapters[chapter] ?? [])
      if (chapter + 1 < scenario.chapters.length) await ctx.restart({ scenario, chapter: chapter + 1 })
      if (scenario.endsBadly) throw new RangeError('ends badly')
      return results
    },
  })
  return { main, child }
}
