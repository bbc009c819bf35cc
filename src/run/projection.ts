/** Inline views of runs: what each kind of event says of what a run is doing, whose key is whose, and what waits to be taken. */
import { bodyOf, erasureRecorded, type Projection } from '../log/index.ts'
import { ended, erased, pruned, RUN_TABLES, runOf, sent, started, taken, text, working } from './rows.ts'
import {
  callEnded,
  messageSent,
  runAwaitedOutside,
  runCancelled,
  runCancelling,
  runClaimed,
  runDone,
  runFailed,
  runForked,
  runHalted,
  runRestarted,
  runResumed,
  runRevived,
  runStarted,
  runStalled,
  runSuspended,
  sleepFired,
  stepCleared,
  stepResolved,
  waitAnswered,
  waitRefused,
  waitReturned,
  waitTimedOut,
} from './events.ts'

/** Kept with the work they are part of, out of the table's hot path: they only matter once a run was suspended. */
const BACK_TO_WORK = [sleepFired.name, waitTimedOut.name]

export const runsProjection: Projection = {
  name: 'runs',
  version: 6,
  mode: 'inline',
  kinds: [
    runStarted,
    runClaimed,
    runSuspended,
    runRevived,
    runStalled,
    runCancelling,
    runResumed,
    runDone,
    runFailed,
    runCancelled,
    runHalted,
    runRestarted,
    runForked,
    runAwaitedOutside,
    messageSent,
    sleepFired,
    waitAnswered,
    waitTimedOut,
    waitRefused,
    waitReturned,
    callEnded,
    stepCleared,
    stepResolved,
  ]
    .map((kind) => kind.name)
    .concat('store.pruned', erasureRecorded.name),
  tables: RUN_TABLES,
  apply(event) {
    const { at } = event
    const run = runOf(event.stream)
    switch (event.kind) {
      case runStarted.name:
        return started(event)
      case runClaimed.name:
        return [{ patch: 'runs', set: { status: 'running', wake_at: null, updated_at: at }, where: { run } }]
      case runSuspended.name: {
        const { waits, due } = bodyOf(runSuspended, event)
        const set = {
          status: 'waiting',
          waiting_for: waits[0]?.kind ?? null,
          waiting: JSON.stringify(waits),
          wake_at: due ?? null,
          updated_at: at,
        }
        return [{ patch: 'runs', set, where: { run } }]
      }
      case runRevived.name:
        return [working(run, at)]
      case runStalled.name:
        return [{ patch: 'runs', set: { waiting_for: 'stalled', updated_at: at }, where: { run } }]
      case runAwaitedOutside.name:
        return [
          {
            patch: 'runs',
            set: { wake_at: at, waiting_for: 'await_outside_step', updated_at: at },
            where: { run },
          },
        ]
      case runForked.name: {
        // What was copied spoke of work; nobody does it yet.
        const set = { status: 'queued', waiting_for: null, waiting: null, wake_at: at, updated_at: at }
        return [{ patch: 'runs', set, where: { run } }]
      }
      case runCancelling.name:
        return [
          working(run, at),
          { patch: 'runs', set: { mode: null, message: null, lifts: 0 }, where: { run } },
          taken(run, bodyOf(runCancelling, event).message, at),
        ]
      case runResumed.name:
        return [
          {
            patch: 'runs',
            set: { status: 'running', mode: null, message: null, lifts: 0, updated_at: at },
            where: { run },
          },
          taken(run, bodyOf(runResumed, event).message, at),
        ]
      case runDone.name:
        return ended(run, at, 'done', null, null)
      case runFailed.name: {
        const { mode, e } = bodyOf(runFailed, event)
        return ended(run, at, 'failed', mode, text(e))
      }
      case runCancelled.name:
        return ended(run, at, 'cancelled', 'cancelled', bodyOf(runCancelled, event).reason)
      case runHalted.name: {
        const { mode, e } = bodyOf(runHalted, event)
        return [
          {
            patch: 'runs',
            set: {
              status: 'halted',
              waiting_for: null,
              waiting: null,
              wake_at: null,
              lifts: 1,
              mode,
              message: text(e),
              updated_at: at,
            },
            where: { run },
          },
          // A word that lifted nothing was meant for an earlier halt.
          { patch: 'inbox', set: { taken: at }, where: { run, kind: 'resume', taken: null } },
        ]
      }
      case messageSent.name:
        return sent(event)
      case waitAnswered.name:
        return [working(run, at), taken(run, bodyOf(waitAnswered, event).message, at)]
      case waitRefused.name:
        return [taken(run, bodyOf(waitRefused, event).message, at)]
      case waitReturned.name:
        return [
          { patch: 'inbox', set: { taken: null }, where: { run, id: bodyOf(waitReturned, event).message } },
        ]
      case callEnded.name:
        return [working(run, at), taken(run, bodyOf(callEnded, event).message, at)]
      case stepCleared.name: {
        const { message } = bodyOf(stepCleared, event)
        return message === undefined ? [] : [working(run, at), taken(run, message, at)]
      }
      case stepResolved.name:
        return [working(run, at), taken(run, bodyOf(stepResolved, event).message, at)]
      case 'store.pruned':
        return pruned(event)
      case erasureRecorded.name:
        return erased(event)
      default:
        return BACK_TO_WORK.includes(event.kind) ? [working(run, at)] : []
    }
  },
}
