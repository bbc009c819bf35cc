/** Tasks that do what programs say, and look at every value they are handed: one meant for another step shows at once. */
import { task, type AnyTask, type Context, type StepOptions, type StepTools } from 'throughline'
import { agent } from './agent.ts'
import {
  markOf,
  messageOf,
  NEVER,
  placeOf,
  taskName,
  type Input,
  type Op,
  type Program,
  type StepOp,
} from './program.ts'
import type { World } from './world.ts'

/** What a body has of the process it lives in: its turns end when the process does. */
export interface Host {
  turns(count: number): Promise<void>
  sleep(ms: number): Promise<void>
  readonly isDead: boolean
  /** Effects under way, by idempotency key: while one is, nobody can say that it did not take place. */
  readonly effects: Set<string>
}

class Thrown extends Error {}

export function tasksOf(program: Program, world: World, host: Host): AnyTask[] {
  const tasks: AnyTask[] = program.tasks.map((plan, index) =>
    task({
      name: taskName(index),
      async run(ctx: Context, given: unknown) {
        const input = given as Input
        const values = await new Body(ctx, world, host, tasks).all(ctx, plan.ops, placeOf(input))
        return input.chapter < plan.chapters ? ctx.restart({ ...input, chapter: input.chapter + 1 }) : values
      },
    }),
  )
  return tasks
}

class Body {
  readonly #world: World
  readonly #host: Host
  readonly #tasks: readonly AnyTask[]
  readonly #run: string

  constructor(ctx: Context, world: World, host: Host, tasks: readonly AnyTask[]) {
    this.#run = ctx.run.id
    this.#world = world
    this.#host = host
    this.#tasks = tasks
  }

  async all(ctx: Context, ops: readonly Op[], where: string): Promise<unknown[]> {
    const values: unknown[] = []
    for (const op of ops) values.push(await this.#one(ctx, op, where))
    return values
  }

  /** Flows by number, as the functions of branches. */
  #branches(
    flows: readonly (readonly Op[])[],
    mark: string,
  ): Record<string, (branch: Context) => Promise<unknown[]>> {
    return Object.fromEntries(
      flows.map((ops, i) => [String(i), (branch: Context) => this.all(branch, ops, `${mark}/${i}`)]),
    )
  }

  async #one(ctx: Context, op: Op, where: string): Promise<unknown> {
    const mark = markOf(op, where)
    switch (op.kind) {
      case 'step':
        return this.#expect(await this.#step(ctx, op, mark), mark)
      case 'sleep':
        await ctx.sleep(`sleep ${op.id}`, op.ms)
        return op.kind
      case 'wait': {
        const got: unknown[] = []
        const schema = op.isPicky ? { schema: picky(mark) } : {}
        for (let i = 1; i <= op.count; i++)
          got.push(this.#expect(await ctx.wait(mark, schema), messageOf(mark, i)))
        return got
      }
      case 'expire':
        return ctx.wait(`${NEVER}${mark}`, { timeout: op.ms }).then(
          () => this.#world.wrong(`${mark} was answered by nobody`),
          (error: unknown) => (codeOf(error) === 'wait_timed_out' ? op.kind : Promise.reject(error as Error)),
        )
      case 'pause':
        await this.#host.turns(op.turns)
        if (op.ms > 0) await this.#host.sleep(op.ms)
        return op.kind
      case 'progress':
        ctx.progress({ done: op.id })
        return op.kind
      case 'map':
        return ctx.map(`map ${op.id}`, op.items, (branch, ops, i) => this.all(branch, ops, `${mark}/${i}`), {
          concurrency: op.concurrency,
        })
      case 'all':
        return Object.values(await ctx.all(this.#branches(op.branches, mark)))
      case 'bare':
        return Promise.all(op.parts.map((ops, i) => this.all(ctx, ops, `${mark}/${i}`)))
      case 'loose':
        ctx.all(this.#branches([op.ops], mark)).catch(() => {})
        return op.kind
      case 'race': {
        const { winner, value } = await ctx.race({
          slow: async (branch) => [
            await this.all(branch, op.slow, `${mark}/slow`),
            await branch.wait(`${NEVER}${mark}`),
          ],
          fast: (branch) => this.all(branch, op.fast, `${mark}/fast`),
        })
        this.#expect(winner, 'fast')
        return value
      }
      case 'contest': {
        const { winner } = await ctx.race(this.#branches(op.branches, mark))
        this.#world.won(this.#run, mark, winner)
        return op.kind
      }
      case 'nudge':
        return this.#nudge(ctx, op.ms, mark)
      case 'collect':
        return this.#collect(ctx, op.count, mark)
      case 'keep':
        return this.#keep(ctx, op, mark)
      case 'hand': {
        const { by } = await ctx.handoff({ to: mark, reason: 'simulated' })
        this.#expect(by, mark)
        return op.kind
      }
      case 'agent':
        return agent({ ctx, op, mark, run: this.#run, world: this.#world, host: this.#host })
      case 'call':
        return ctx.call(this.#task(op.task), { where: mark, chapter: 1 } as never)
      case 'spawn':
        await ctx.spawn(this.#task(op.task), { where: mark, chapter: 1 } as never, {
          onParentEnd: op.onParentEnd,
        })
        return op.kind
      case 'try':
        return this.all(ctx, op.ops, mark).catch(() => 'caught')
      case 'fail':
        throw new Thrown(mark)
      case 'hold':
        return ctx.wait(`${NEVER}${mark}`)
    }
  }

  async #keep(ctx: Context, op: Extract<Op, { kind: 'keep' }>, mark: string): Promise<string> {
    const about = { subject: op.isShared ? 'all' : mark, choice: mark, because: 'simulated' }
    const { id, version } = await ctx.decide(about)
    if (op.isRevised) await ctx.decide({ ...about, supersedes: { id, version } })
    return op.kind
  }

  #task(index: number): AnyTask {
    const found = this.#tasks[index]
    if (!found) throw new Error(`There is no task ${index}.`)
    return found
  }

  async #nudge(ctx: Context, ms: number, mark: string): Promise<unknown> {
    for (let round = 1; ; round++) {
      const { winner, value } = await ctx.race({
        ok: (b) => b.wait(mark),
        nudge: (b) => b.sleep('pause', ms),
      })
      this.#world.won(this.#run, `${mark} round ${round}`, winner)
      if (winner === 'ok') return [this.#expect(value, messageOf(mark, 1))]
    }
  }

  async #collect(ctx: Context, count: number, mark: string): Promise<unknown> {
    const got: string[] = []
    for (let i = 0; i < count; i++) {
      const { value } = await ctx.race({
        odd: (b) => b.wait(`${mark}:odd`),
        even: (b) => b.wait(`${mark}:even`),
      })
      got.push(String(value))
    }
    return got.sort()
  }

  #step(ctx: Context, op: StepOp, mark: string): Promise<unknown> {
    const [world, host, run] = [this.#world, this.#host, this.#run]
    const options: StepOptions<unknown> = {
      retry: { attempts: op.once ? 9 : op.attempts, initial: 100 },
      ...(op.once ? { effect: 'once' as const } : {}),
      ...(op.failsBy === 'time' && op.fails > 0 ? { timeout: op.ms + 1000 } : {}),
      ...(op.once === 'reconciled'
        ? {
            reconcile: async ({ idempotencyKey }: { idempotencyKey: string }) => {
              await host.turns(op.before)
              return world.isDone(idempotencyKey)
                ? { done: true as const, value: mark }
                : { done: false as const }
            },
          }
        : {}),
      ...(op.hasUndo
        ? {
            compensate: async (value: unknown) => {
              await host.turns(op.before)
              this.#expect(value, mark)
              world.undone.push(`${run} ${mark}`)
              if (world.undone.filter((one) => one === `${run} ${mark}`).length <= op.undoFails)
                throw new Thrown('not undone yet')
            },
          }
        : {}),
    }
    const effect = async ({ attempt, idempotencyKey }: StepTools) => {
      await host.turns(op.before)
      if (op.ms > 0) await host.sleep(op.ms)
      if (attempt <= op.fails) {
        if (op.failsBy === 'time') await host.sleep(op.ms + 5000)
        throw new Thrown(`${mark} fails`)
      }
      if (op.once) {
        if (op.throws === 'before' && attempt === 1) throw this.#threw()
        world.perform(run, idempotencyKey, mark, op)
        await host.turns(op.after)
        if (op.throws === 'after' && attempt === 1) throw this.#threw()
      }
      await host.turns(op.after)
      return mark
    }
    if (!op.once) return ctx.step(op.name, effect, options)
    return ctx.step(
      op.name,
      async (tools) => {
        host.effects.add(tools.idempotencyKey)
        try {
          return await effect(tools)
        } finally {
          host.effects.delete(tools.idempotencyKey)
        }
      },
      options,
    )
  }

  #threw(): Error {
    this.#world.thrown++
    return new Thrown('the line broke')
  }

  #expect(value: unknown, mark: string): unknown {
    if (value !== mark) this.#world.wrong(`${this.#run} ${mark} was handed ${JSON.stringify(value)}`)
    return value
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** A schema that takes only what is meant for this wait, and cannot be said in JSON Schema. */
function picky(mark: string) {
  return {
    '~standard': {
      version: 1 as const,
      vendor: 'simulated',
      validate: (value: unknown) =>
        String(value).startsWith(mark) ? { value } : { issues: [{ message: 'it is meant for another' }] },
    },
  }
}
