/** The `ctx` of a body or a branch. Everything durable goes through `generation.perform`. */
import { eventOf, type NewEvent } from '../log/index.ts'
import type {
  AnyTask,
  BranchOptions,
  Context,
  ContextLog,
  Schema,
  StepOptions,
  StepTools,
  WaitOptions,
} from '../task/index.ts'
import { checkRace, performAll, performMap, performRace } from './branches.ts'
import { performCall, performSpawn } from './child.ts'
import { id, random } from './derive.ts'
import { performKeep, type Hands } from './keep.ts'
import { BadOperation } from './errors.ts'
import { runProgress } from './events.ts'
import { runFacts } from './facts.ts'
import type { Generation } from './generation.ts'
import { keyOf } from './history.ts'
import { limitsOf } from './limits.ts'
import { unlooked } from './operation.ts'
import { checkName, places, type Branch } from './place.ts'
import { performStep } from './step.ts'
import { branchHere, fail, halt, haltInTurn, performWork, shared } from './work.ts'
import { checkDate, openWait, performSleep, performWait } from './waits.ts'

const PROGRESS_EVERY_MS = 250

/** What the engine itself brings; the rest is features'. */
type Core = Pick<
  Context,
  | 'step'
  | 'map'
  | 'all'
  | 'race'
  | 'sleep'
  | 'wait'
  | 'call'
  | 'spawn'
  | 'now'
  | 'random'
  | 'id'
  | 'abortSignal'
  | 'progress'
  | 'log'
  | 'restart'
  | 'run'
>

const roots = new WeakMap<object, Context>()
const notes = new WeakMap<object, (event: NewEvent) => void>()

/** The context of the body, or the branch, whose code asks this; undefined outside of one, and in a step's function. */
export function contextHere(): Context | undefined {
  const place = places.getStore()
  return place === undefined || place.isInStep ? undefined : (place.context ?? roots.get(place.owner))
}

/** Records something of the run whose code asks this, in each of its lives; nobody waits for it. */
export function noteHere(event: NewEvent): void {
  const place = places.getStore()
  if (place) notes.get(place.owner)?.(event)
}

export function contextFor(generation: Generation, branch: Branch): Context {
  const inBranch = (child: Branch) => contextFor(generation, child)
  const here = () => branchHere(generation, branch)
  const checked = (name: string, kind: string) => {
    checkName(name, kind)
    if (places.getStore()?.isInStep) {
      throw new BadOperation(
        `ctx.${kind}("${name}") was called inside a step's function; a step is one effect. Call it from the body, or use ctx.map, ctx.all or a child task.`,
        { name, kind },
      )
    }
  }
  const context: Core = {
    step: <T>(name: string, fn: (tools: StepTools) => Promise<T> | T, options: StepOptions<T> = {}) =>
      asked(() => {
        checked(name, 'step')
        if (typeof fn !== 'function')
          throw new BadOperation(`ctx.step("${name}") needs a function as its second argument.`, { name })
        // The step's own types say that its outcome, decoded, is a T; the engine does not look into it.
        const work = { fn, options: options as StepOptions<unknown> }
        return generation.perform(here(), 'step', name, (operation) =>
          performStep(generation, operation, work),
        ) as Promise<T>
      }),
    map: (name, items, fn, options = {}) =>
      unlooked(performMap(generation, here(), inBranch, name, items, fn, options)),
    all: (branches, options = {}) =>
      unlooked(performAll(generation, here(), inBranch, branches, options.name ?? 'all')),
    race: ((branches: Parameters<typeof performRace>[3], options: BranchOptions = {}) =>
      asked(() => {
        const name = options.name ?? 'race'
        checked(name, 'race')
        checkRace(branches)
        return generation.perform(here(), 'race', name, (operation) =>
          performRace(generation, operation, inBranch, branches, name),
        )
      })) as Context['race'], // the winner's name and value are what the branches' types say
    sleep: (name, until) =>
      asked(() => {
        checked(name, 'sleep')
        checkDate(name, until)
        return generation.perform(here(), 'sleep', name, (operation) =>
          performSleep(generation, operation, until),
        ) as Promise<void>
      }),
    wait: ((name: string, options: WaitOptions<Schema | undefined> = {}) =>
      asked(() => {
        checked(name, 'wait')
        return (
          openWait(generation, here(), name)?.promise ??
          generation.perform(here(), 'wait', name, (operation) =>
            performWait(generation, operation, name, options),
          )
        )
      })) as Context['wait'],
    call: ((task: AnyTask, input: unknown, options: Parameters<typeof performCall>[4] = {}) =>
      asked(() => {
        const name = options.name ?? task.name
        checked(name, 'call')
        return generation.perform(here(), 'call', name, (operation) =>
          performCall(generation, operation, task, input, options),
        )
      })) as Context['call'],
    spawn: ((task: AnyTask, input: unknown, options: Parameters<typeof performSpawn>[4] = {}) =>
      asked(() => {
        const name = options.name ?? task.name
        checked(name, 'spawn')
        return generation.perform(here(), 'spawn', name, (operation) =>
          performSpawn(generation, operation, task, input, options),
        )
      })) as Context['spawn'],
    now: () => here().lastAt,
    random: () => random(generation.history, here()),
    id: () => id(generation.history, here()),
    get abortSignal() {
      return here().signal
    },
    progress: (progress) => recordProgress(generation, progress),
    log: logFor(generation),
    restart(input) {
      checked('restart', 'restart')
      generation.ending.restart(input)
      return new Promise<never>(() => {})
    },
    run: runFacts(generation),
  }
  const keep: Hands['keep'] = (call, name, decide) =>
    asked(() => {
      checked(name, call)
      return generation.perform(here(), 'keep', `${call} ${name}`, (operation) =>
        performKeep(generation, operation, decide),
      )
    })
  const { log, logger, newId, clock, random: draw, features } = generation.surroundings
  const { brief, parent, forks = [] } = generation.history.started
  const handed = brief ? { ...brief, mustRead: true } : parent && { subject: parent.run, mustRead: false }
  const hands: Hands = {
    context: () => context as Context, // once the features below have been added
    run: context.run,
    task: generation.task,
    log,
    logger,
    newId,
    now: () => clock.now(),
    handed,
    forks,
    wait: context.wait,
    sleep: context.sleep,
    step: context.step,
    call: context.call,
    keep,
    perform: (given) =>
      asked(() => {
        checked(given.name, given.kind)
        return performWork(generation, here(), given)
      }),
    isSettled: (name) =>
      generation.history.operations.get(keyOf(here().prefix + name, 1))?.outcome !== undefined,
    note: (event) => {
      if (generation.isLive && !generation.isClosed) generation.note(event)
    },
    noted: (kinds) => generation.history.notes.filter(({ kind }) => kinds.includes(kind)),
    history: () => generation.history.ofFeatures(),
    unasked: (kind) => generation.history.unaskedUnder(kind, here().prefix),
    isLive: () => generation.isLive,
    resumed: () => generation.history.resumed,
    halt: (error) => halt(generation, error),
    fail: (error) => fail(generation, error),
    haltInTurn: (error) => haltInTurn(generation, error),
    failNow: (error) => generation.ending.failNow(error),
    shared: (key, make) => shared(generation, key, make),
    branch: () => here().prefix,
    outside: (run) => places.run(generation.inStep, run),
    random: draw,
    input: generation.history.started.input,
    limits: () => limitsOf(generation),
    alarm(at, fire) {
      const stop = clock.at(at, () => generation.isClosed || fire())
      void generation.released.then(stop)
      return stop
    },
    beforeSteps: (ask) => void generation.beforeSteps.push(ask),
    patiently: generation.patiently,
    secret: generation.history.started.seed,
  }
  // Each feature brings what it declares on Context; together they are the rest of it.
  const whole = Object.assign(context, ...features.map((feature) => feature.context(hands))) as Context
  if (branch === generation.root) {
    roots.set(generation, whole)
    notes.set(generation, (event) => void (generation.isClosed || generation.note(event)))
  }
  return whole
}

/** What the body is given, also when what it asked for cannot be. */
function asked<T>(begin: () => Promise<T>): Promise<T> {
  try {
    return begin()
  } catch (error) {
    return unlooked(Promise.reject(error))
  }
}

const lastProgress = new WeakMap<Generation, number>()

function recordProgress(generation: Generation, progress: Parameters<Context['progress']>[0]): void {
  if (!generation.isLive || generation.isClosed) return
  const now = generation.surroundings.clock.now()
  const isLast = progress.total !== undefined && progress.done >= progress.total
  if (!isLast && now - (lastProgress.get(generation) ?? 0) < PROGRESS_EVERY_MS) return
  lastProgress.set(generation, now)
  generation.note(eventOf(runProgress, progress))
}

function logFor(generation: Generation): ContextLog {
  const say = (level: keyof ContextLog) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (generation.isLive && !generation.isClosed)
      generation.surroundings.logger[level](message, { run: generation.runId, ...fields })
  }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
