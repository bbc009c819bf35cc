/**
 * `ctx.handoff`: a run says why it is handed over, and to whom, and rests until somebody takes it.
 *
 * O1. A task that it is handed to is started in the commit that offers it, and must acknowledge before it acts.
 * O2. What nobody took in time is withdrawn before the body is told.
 */
import { eventOf, type Append } from '../log/index.ts'
import { events, type Hands, type RunStartedBody } from '../run/index.ts'
import {
  isTask,
  validate,
  type AnyTask,
  type Context,
  type HandoffOptions,
  type TakenOver,
} from '../task/index.ts'
import { BadHandoff } from './errors.ts'
import { briefStream, handoffOffered, handoffWithdrawn } from './events.ts'
import { waitFor } from './handoffs.ts'
import { textOf } from './thread.ts'

interface Offered {
  readonly handoff: string
  readonly wait: string
}

const MOST_NAME = 150

export function handoffContext({ run, newId, keep, wait }: Hands): Pick<Context, 'handoff'> {
  const withdraw = (handoff: string, name: string) =>
    keep('handoff.withdraw', name, () => {
      const withdrawn = [eventOf(handoffWithdrawn, { handoff })]
      return Promise.resolve({
        appends: [{ stream: briefStream(run.id), expected: 'any' as const, events: withdrawn }],
        value: { handoff },
      })
    })
  return {
    async handoff<I>({ to, input, reason, note, timeout }: HandoffOptions<I>): Promise<TakenOver> {
      const name = typeof to === 'string' ? to : isTask(to) ? to.name : ''
      if (name === '' || name.length > MOST_NAME)
        throw new BadHandoff('to', `it must be a name of 1 to ${MOST_NAME} characters, or a task.`)
      const offered = (await keep('handoff', name, async () => {
        const handoff = newId('handoff')
        const started = isTask(to) ? await startedBy(to as AnyTask, input) : undefined
        const body = {
          handoff,
          run: run.id,
          to: started?.run ?? name,
          reason: textOf('reason', reason, BadHandoff),
          wait: waitFor(name),
          ...(note === undefined ? {} : { note: textOf('note', note, BadHandoff) }),
        }
        const offer: Append = {
          stream: briefStream(run.id),
          expected: 'any',
          events: [eventOf(handoffOffered, body)],
        }
        const value: Offered = { handoff, wait: body.wait }
        return { appends: started ? [offer, startOf(started)] : [offer], value }
      })) as Offered // what this operation records
      try {
        return (await wait(offered.wait, timeout === undefined ? {} : { timeout })) as TakenOver // see handoffs.ts
      } catch (error) {
        await withdraw(offered.handoff, name)
        throw error
      }
    },
  }

  async function startedBy(task: AnyTask, input: unknown): Promise<RunStartedBody> {
    const { scope, thread } = run
    return {
      run: newId('run'),
      task: task.name,
      version: task.version,
      input: await validate(task.input, input, 'invalid_input', `The input of task "${task.name}"`),
      seed: newId('seed'),
      chapter: 1,
      brief: { subject: run.id },
      ...(scope === undefined ? {} : { scope }),
      ...(thread === undefined ? {} : { thread }),
    }
  }
}

const startOf = (body: RunStartedBody): Append => ({
  stream: body.run,
  expected: { new: true },
  events: [eventOf(events.runStarted, body)],
})
