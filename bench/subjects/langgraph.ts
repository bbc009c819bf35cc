/**
 * LangGraph with its SQLite saver, in the two shapes it offers.
 *
 * As a graph: a node that loops, its results kept in the state, as a conversation is. As functions: one entrypoint calling tasks,
 * which is nearer to a durable function but keeps what it did under one checkpoint.
 * Writes are awaited and synced (`durability: 'sync'`, `synchronous=FULL`); its own defaults are neither.
 */
import { Annotation, END, START, StateGraph, entrypoint, task } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { join } from 'node:path'
import { bytesUnder, discard, scratch } from '../scratch.ts'
import { payload, stopwatch, timed } from '../subject.ts'
import type { Subject } from '../subject.ts'

interface Asked {
  readonly steps: number
  readonly bytes: number
}

type Carry = (thread: string, asked: Asked, stepMs: number[]) => Promise<unknown>

export const langgraph = (): Subject => subject('LangGraph', asGraph)
export const langgraphFunctions = (): Subject => subject('LangGraph functions', asFunctions)

function subject(name: string, shape: (saver: SqliteSaver) => Carry): Subject {
  const folder = scratch('langgraph')
  let saver: SqliteSaver
  let carry: Carry
  let count = 0
  return {
    name,
    configured: 'SQLite saver, synchronous=FULL, durability sync; defaults otherwise',
    async start() {
      saver = SqliteSaver.fromConnString(join(folder, 'checkpoints.db'))
      saver.db.pragma('journal_mode=WAL')
      saver.db.pragma('synchronous=FULL')
      carry = shape(saver)
    },
    async sequential(steps, bytes) {
      const stepMs: number[] = []
      const elapsed = stopwatch()
      await carry(`run-${count++}`, { steps, bytes }, stepMs)
      return { seconds: elapsed(), stepMs }
    },
    async fleet(runs, steps) {
      const elapsed = stopwatch()
      await Promise.all(
        Array.from({ length: runs }, () => carry(`run-${count++}`, { steps, bytes: 200 }, [])),
      )
      return elapsed()
    },
    async bytes() {
      saver.db.pragma('wal_checkpoint(TRUNCATE)')
      return bytesUnder(folder)
    },
    async stop() {
      saver.db.close()
      discard(folder)
    },
  }
}

function asGraph(checkpointer: SqliteSaver): Carry {
  const State = Annotation.Root({
    steps: Annotation<number>(),
    bytes: Annotation<number>(),
    values: Annotation<string[]>({ reducer: (sofar, more) => sofar.concat(more), default: () => [] }),
  })
  const timings = new Map<string, { last: number; stepMs: number[] }>()
  const graph = new StateGraph(State)
    .addNode('step', (state, config) => {
      const timing = timings.get(String(config.configurable?.thread_id))
      const now = performance.now()
      if (timing !== undefined && state.values.length > 0) timing.stepMs.push(now - timing.last)
      if (timing !== undefined) timing.last = now
      return { values: [payload(state.values.length, state.bytes)] }
    })
    .addEdge(START, 'step')
    .addConditionalEdges('step', (state) => (state.values.length < state.steps ? 'step' : END))
    .compile({ checkpointer })
  return async (thread, asked, stepMs) => {
    const timing = { last: performance.now(), stepMs }
    timings.set(thread, timing)
    const settings = {
      configurable: { thread_id: thread },
      recursionLimit: asked.steps + 10,
      durability: 'sync' as const,
    }
    const state = await graph.invoke(asked, settings)
    if (state.values.length === asked.steps) stepMs.push(performance.now() - timing.last)
    timings.delete(thread)
  }
}

function asFunctions(checkpointer: SqliteSaver): Carry {
  const timings = new Map<string, number[]>()
  const step = task('step', async (index: number, bytes: number) => payload(index, bytes))
  const carry = entrypoint({ name: 'bench', checkpointer }, async ({ steps, bytes }: Asked, config) => {
    const stepMs = timings.get(String(config.configurable?.thread_id)) ?? []
    for (let index = 0; index < steps; index++) await timed(stepMs, () => step(index, bytes))
    return steps
  })
  return async (thread, asked, stepMs) => {
    timings.set(thread, stepMs)
    await carry.invoke(asked, {
      configurable: { thread_id: thread },
      recursionLimit: asked.steps + 10,
      durability: 'sync',
    })
    timings.delete(thread)
  }
}
