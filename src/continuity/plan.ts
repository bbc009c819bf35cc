/**
 * `ctx.plan`: what a run means to do, said before it does it, so that whoever takes over knows what is left.
 *
 * P1. The plan is on the run's own record. A new one replaces the old; what was done stays done under the same id.
 */
import type { Log } from '../log/index.ts'
import type { Hands } from '../run/index.ts'
import type { Context, PlanStep } from '../task/index.ts'
import { BadPlan } from './errors.ts'

/** A step of a plan, as it stands. */
export interface Planned extends PlanStep {
  readonly doneAt: number | undefined
  readonly note: string | undefined
}

/** What `ctx.plan` leaves on the record. */
export interface PlanSet {
  /** With what was done of it under the plan before. */
  readonly plan: readonly (PlanStep & { readonly doneAt?: number; readonly note?: string })[]
}
export interface PlanStepDone {
  readonly id: string
  readonly note?: string
}

/** The names of the operations, as the record has them. */
export const SET = 'plan steps'
export const DONE = 'plan.done'
const MOST_STEPS = 1000
const MOST_TITLE = 2000
const MOST_ID = 150

export function planContext({ run, log, keep }: Hands): Pick<Context, 'plan'> {
  const [call = '', name = ''] = SET.split(' ')
  const set = async (steps: readonly PlanStep[]) => {
    await keep(call, name, async () => {
      const before = new Map((await planOf(log, run.id)).map((step) => [step.id, step]))
      const plan = checked(steps).map((step) => {
        const { doneAt, note } = before.get(step.id) ?? {}
        return {
          ...step,
          ...(doneAt === undefined ? {} : { doneAt }),
          ...(note === undefined ? {} : { note }),
        }
      })
      return { appends: [], value: { plan } satisfies PlanSet }
    })
  }
  const done = async (id: string, note?: string) => {
    await keep(DONE, id, async () => {
      if (note !== undefined && !isText(note, MOST_TITLE))
        throw new BadPlan(`The note to step "${id}" must be text of 1 to ${MOST_TITLE} characters.`, { id })
      const plan = await planOf(log, run.id)
      if (!plan.some((step) => step.id === id))
        throw new BadPlan(
          `Step "${id}" is not in the plan of ${run.id}, which has ${plan.length === 0 ? 'no steps' : plan.map((step) => `"${step.id}"`).join(', ')}. Call ctx.plan([…]) first, and await it.`,
          { id },
        )
      return {
        appends: [],
        value: { id, ...(note === undefined ? {} : { note }) } satisfies PlanStepDone,
      }
    })
  }
  return { plan: Object.assign(set, { done }) }
}

/** The plan of a run as it stands, in its own order. */
export async function planOf(log: Log, run: string): Promise<readonly Planned[]> {
  const rows = await log.select('plans', { where: { run }, order: ['place'] })
  return rows.map((row) => ({
    id: String(row['step']),
    title: String(row['title']),
    doneAt: typeof row['done_at'] === 'number' ? row['done_at'] : undefined,
    note: typeof row['note'] === 'string' ? row['note'] : undefined,
  }))
}

function checked(steps: readonly PlanStep[]): readonly PlanStep[] {
  if (!Array.isArray(steps) || steps.length > MOST_STEPS)
    throw new BadPlan(`A plan is a list of at most ${MOST_STEPS} steps: ctx.plan([{ id, title }]).`)
  const ids = new Set<string>()
  return (steps as readonly PlanStep[]).map((step) => {
    const { id, title } = step ?? {}
    if (!isText(id, MOST_ID) || !isText(title, MOST_TITLE))
      throw new BadPlan(
        `A step of a plan needs an id of 1 to ${MOST_ID} characters and a title of 1 to ${MOST_TITLE}; got ${JSON.stringify(step)?.slice(0, 200)}.`,
      )
    if (ids.has(id)) throw new BadPlan(`Two steps of the plan have the id "${id}".`, { id })
    ids.add(id)
    return { id, title }
  })
}

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && value.isWellFormed()
